import type { Identifier } from "@medplum/fhirtypes";
import type { Statement, Transaction } from "../../lib/database/database.ts";

export interface Merge {
  id: string;
  source_id: string;
  target_id: string;
  source_version: number;
  target_version: number;
  merged_version: number;
  added_identifiers: Identifier[];
}

const insert: Statement = {
  name: "merge-insert",
  text: `INSERT INTO patient_merge (id, source_id, target_id, source_version, target_version, merged_version, added_identifiers, merged_by)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
};
const find: Statement = { name: "merge-find", text: "SELECT * FROM patient_merge WHERE source_id = $1 AND undone_at IS NULL" };
const undo: Statement = {
  name: "merge-undo",
  text: "UPDATE patient_merge SET undone_at = now(), undone_by = $2 WHERE id = $1 AND undone_at IS NULL",
};
const byIdentifier: Statement = {
  name: "merge-by-identifier",
  text: `SELECT DISTINCT k.id FROM search_key k JOIN resource r ON r.type = 'Patient' AND r.id = k.id
    WHERE k.type = 'Patient' AND k.parameter = 'identifier' AND k.value = $1 AND r.merged_into IS NULL ORDER BY k.id LIMIT 2`,
};

export async function insertMerge(transaction: Transaction, merge: Merge, by: string): Promise<void> {
  const { id, source_id, target_id, source_version, target_version, merged_version, added_identifiers } = merge;
  const identifiers = JSON.stringify(added_identifiers);
  await transaction.query(insert, [id, source_id, target_id, source_version, target_version, merged_version, identifiers, by]);
}

/** The merge by which a patient was replaced and that was not undone. */
export async function findMerge(transaction: Transaction, sourceId: string): Promise<Merge | undefined> {
  return (await transaction.query<Merge>(find, [sourceId]))[0];
}

export async function undoMerge(transaction: Transaction, id: string, by: string): Promise<void> {
  await transaction.query(undo, [id, by]);
}

/** Patients, merged ones aside, that bear an identifier; two at most. */
export async function findByIdentifier(transaction: Transaction, identifier: string): Promise<string[]> {
  return (await transaction.query<{ id: string }>(byIdentifier, [identifier])).map(({ id }) => id);
}
