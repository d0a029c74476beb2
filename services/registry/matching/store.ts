import type { Statement, Transaction } from "../../lib/database/database.ts";

/** More than so many records under a person's keys are not compared: those that share most keys come first. */
export const candidatesMax = 100;

/** By blocking keys, which an index serves; the number of records in the registry makes no difference. */
export const candidatesStatement: Statement = {
  name: "match-candidates",
  text: `SELECT r.id, r.version, v.content FROM (
      SELECT k.id, count(*) AS shared FROM search_key k WHERE k.type = 'Patient' AND k.parameter = 'block' AND k.value = ANY ($1::text[])
      GROUP BY k.id ORDER BY bool_or(k.value LIKE 'n|%') DESC, shared DESC, k.id LIMIT ${candidatesMax}) c
    JOIN resource r ON r.type = 'Patient' AND r.id = c.id AND r.merged_into IS NULL
    JOIN resource_version v ON v.type = 'Patient' AND v.id = r.id AND v.version = r.version
    WHERE r.id <> $2`,
};

/** Two requests about what may be one person go one after the other: neither misses what the other writes. The order keeps them from waiting for each other. */
const lockKeys: Statement = {
  name: "match-lock",
  text: `SELECT pg_advisory_xact_lock(x.number) FROM (SELECT DISTINCT hashtextextended(key, 0) AS number FROM unnest($1::text[]) AS key ORDER BY 1) AS x`,
};

export interface CandidateRow {
  id: string;
  version: number;
  content: string;
}

export async function lockBlocks(transaction: Transaction, keys: readonly string[]): Promise<void> {
  await transaction.query(lockKeys, [keys]);
}

/** Patients that share a blocking key, merged ones aside. */
export async function readCandidates(transaction: Transaction, keys: readonly string[], except: string): Promise<CandidateRow[]> {
  return keys.length === 0 ? [] : await transaction.query<CandidateRow>(candidatesStatement, [keys, except]);
}
