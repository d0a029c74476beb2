import type { Statement, Transaction } from "../../lib/database/database.ts";
import type { ResourceType } from "../deps.ts";
import type { SearchFacts } from "./search-keys.ts";

/** One version of a resource as it is kept. */
export interface StoredVersion {
  type: ResourceType;
  id: string;
  version: number;
  lastUpdated: Date;
  method: "POST" | "PUT";
  /** The FHIR JSON that is given to clients, byte for byte. */
  content: string;
  /** Of a current version: the patient it was merged into. */
  mergedInto: string | null;
}

interface VersionRow {
  type: ResourceType;
  id: string;
  version: number;
  last_updated: Date;
  method: StoredVersion["method"];
  content: string;
  merged_into: string | null;
}

export function toVersion({ last_updated: lastUpdated, merged_into: mergedInto, ...row }: VersionRow): StoredVersion {
  return { ...row, lastUpdated, mergedInto };
}

const save: Statement = {
  name: "resource-save",
  text: `WITH r AS (INSERT INTO resource (type, id, version, last_updated, active, gender, sort_name, merged_into)
      VALUES ($1, $2, $3, $4, $7, $8, $9, $10)
      ON CONFLICT (type, id) DO UPDATE SET version = $3, last_updated = $4, active = $7, gender = $8, sort_name = $9, merged_into = $10
      WHERE resource.version = $3 - 1 RETURNING id),
    v AS (INSERT INTO resource_version (type, id, version, last_updated, method, content) SELECT $1, $2, $3, $4, $5, $6 FROM r),
    d AS (DELETE FROM search_key WHERE type = $1 AND id IN (SELECT id FROM r)),
    k AS (INSERT INTO search_key (type, parameter, value, id)
      SELECT $1, x.parameter, x.value, $2 FROM r, jsonb_to_recordset($11::jsonb) AS x(parameter text, value text)),
    o AS (INSERT INTO outbox (type, resource_id, version) SELECT $1, $2, $3 FROM r)
    SELECT id FROM r`,
};
const columns = "v.type, v.id, v.version, v.last_updated, v.method, v.content, r.merged_into";
const current = `SELECT ${columns} FROM resource r JOIN resource_version v ON v.type = r.type AND v.id = r.id AND v.version = r.version
  WHERE r.type = $1 AND r.id = $2`;
const read: Statement = { name: "resource-read", text: current };
const lock: Statement = { name: "resource-lock", text: "SELECT id FROM resource WHERE type = $1 AND id = $2 FOR UPDATE" };
const readOne: Statement = {
  name: "resource-vread",
  text: `SELECT ${columns} FROM resource r JOIN resource_version v ON v.type = r.type AND v.id = r.id WHERE v.type = $1 AND v.id = $2 AND v.version = $3`,
};
const readMany: Statement = {
  name: "resource-read-many",
  text: `SELECT ${columns} FROM resource r JOIN resource_version v ON v.type = r.type AND v.id = r.id AND v.version = r.version
    WHERE r.type = $1 AND r.id = ANY ($2)`,
};
const history: Statement = {
  name: "resource-history",
  text: `SELECT ${columns}, count(*) OVER ()::int AS total FROM resource r JOIN resource_version v ON v.type = r.type AND v.id = r.id
    WHERE v.type = $1 AND v.id = $2 AND v.version < $3 ORDER BY v.version DESC LIMIT $4`,
};

/** Keeps a version, what it is found by, and the word for the record. False when another request was first. */
export async function saveVersion(transaction: Transaction, version: StoredVersion, facts: SearchFacts): Promise<boolean> {
  const { type, id, lastUpdated, method, content, mergedInto } = version;
  const rows = await transaction.query(save, [
    ...[type, id, version.version, lastUpdated, method, content],
    ...[facts.active, facts.gender, facts.sortName, mergedInto, JSON.stringify(facts.keys)],
  ]);
  return rows.length > 0;
}

export async function readCurrent(transaction: Transaction, type: ResourceType, id: string): Promise<StoredVersion | undefined> {
  const [row] = await transaction.query<VersionRow>(read, [type, id]);
  return row && toVersion(row);
}

/** The current version, locked until the transaction ends. */
export async function lockCurrent(transaction: Transaction, type: ResourceType, id: string): Promise<StoredVersion | undefined> {
  // Read by a statement of its own: one that waited for the lock would look for the new version's text among what there was before.
  const locked = await transaction.query(lock, [type, id]);
  return locked.length > 0 ? await readCurrent(transaction, type, id) : undefined;
}

export async function readVersion(
  transaction: Transaction,
  type: ResourceType,
  id: string,
  version: number,
): Promise<StoredVersion | undefined> {
  const [row] = await transaction.query<VersionRow>(readOne, [type, id, version]);
  return row && toVersion(row);
}

export async function readAll(transaction: Transaction, type: ResourceType, ids: readonly string[]): Promise<StoredVersion[]> {
  return ids.length === 0 ? [] : (await transaction.query<VersionRow>(readMany, [type, ids])).map(toVersion);
}

/** Versions before the given one, the newest first. */
export async function listVersions(
  transaction: Transaction,
  type: ResourceType,
  id: string,
  page: { before: number; count: number },
): Promise<{ versions: StoredVersion[]; more: boolean }> {
  const rows = await transaction.query<VersionRow & { total: number }>(history, [type, id, page.before, page.count]);
  return { versions: rows.map(({ total: _, ...row }) => toVersion(row)), more: (rows[0]?.total ?? 0) > rows.length };
}
