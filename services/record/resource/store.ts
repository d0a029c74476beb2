import type { Statement, Transaction } from "../../lib/database/database.ts";
import { encodeCursor, type Inclusion, type SearchRequest, searchLimits } from "../../lib/fhir/parse-search.ts";
import type { SearchIndex } from "../../lib/fhir/search-index.ts";
import { boundedPage, inclusionStatement, recordStatement, type Sight, searchStatement, totalStatement } from "./search-sql.ts";

/** One version of a resource as it is kept. */
export interface StoredVersion {
  type: string;
  id: string;
  version: number;
  lastUpdated: Date;
  method: "POST" | "PUT" | "PATCH" | "DELETE";
  deleted: boolean;
  patientIds: string[];
  /** The FHIR JSON that is given to clients, byte for byte; empty for a deletion. */
  content: string;
}

/** What is locked before a resource is changed. */
export interface CurrentVersion {
  key: string;
  version: number;
  lastUpdated: Date;
  deleted: boolean;
  patientIds: string[];
}

export interface VersionRow {
  type: string;
  id: string;
  version: number;
  last_updated: Date;
  method: StoredVersion["method"];
  deleted: boolean;
  patient_ids: string[];
  content: string;
}

export const columns = "v.type, v.id, v.version, v.last_updated, v.method, v.deleted, v.patient_ids, v.content";

export function toVersion(row: VersionRow): StoredVersion {
  const { type, id, version, method, deleted, content } = row;
  return { type, id, version, lastUpdated: row.last_updated, method, deleted, patientIds: row.patient_ids, content };
}

/** Index rows of a resource `r`, of the type $1, from four lists of rows as JSON, whose places begin with `first`. */
function indexRows(first: number): string {
  return `t AS (INSERT INTO search_token (resource_key, type, parameter, occurrence, system, code)
    SELECT r.key, $1, x.parameter, x.occurrence, x.system, x.code
    FROM r, jsonb_to_recordset($${first}::jsonb) AS x(parameter text, occurrence integer, system text, code text)),
  s AS (INSERT INTO search_string (resource_key, type, parameter, occurrence, value, exact)
    SELECT r.key, $1, x.parameter, x.occurrence, x.value, x.exact
    FROM r, jsonb_to_recordset($${first + 1}::jsonb) AS x(parameter text, occurrence integer, value text, exact text)),
  d AS (INSERT INTO search_date (resource_key, type, parameter, occurrence, low, high)
    SELECT r.key, $1, x.parameter, x.occurrence, x.low, x.high
    FROM r, jsonb_to_recordset($${first + 2}::jsonb) AS x(parameter text, occurrence integer, low timestamptz, high timestamptz)),
  q AS (INSERT INTO search_quantity (resource_key, type, parameter, occurrence, low, high, system, code, unit)
    SELECT r.key, $1, x.parameter, x.occurrence, x.low, x.high, x.system, x.code, x.unit
    FROM r, jsonb_to_recordset($${first + 3}::jsonb)
      AS x(parameter text, occurrence integer, low numeric, high numeric, system text, code text, unit text))
  SELECT key FROM r`;
}

/** The part that creating and changing share: the version's row, and index rows instead of those of the version before. */
const versionAndIndexes = `
  v AS (INSERT INTO resource_version (type, id, version, last_updated, method, deleted, patient_ids, content)
    SELECT $1, $2, $3, $4, $5, $6, $7, $8 FROM r),
  ${indexRows(9)}`;

const oldIndexRows = `t0 AS (DELETE FROM search_token USING r WHERE resource_key = r.key),
  s0 AS (DELETE FROM search_string USING r WHERE resource_key = r.key),
  d0 AS (DELETE FROM search_date USING r WHERE resource_key = r.key),
  q0 AS (DELETE FROM search_quantity USING r WHERE resource_key = r.key)`;

const insertStatement: Statement = {
  name: "resource-insert",
  text: `WITH r AS (INSERT INTO resource (type, id, version, last_updated, deleted, patient_ids) VALUES ($1, $2, $3, $4, $6, $7)
    ON CONFLICT (type, id) DO NOTHING RETURNING key),${versionAndIndexes}`,
};

const replaceStatement: Statement = {
  name: "resource-replace",
  text: `WITH r AS (UPDATE resource SET version = $3, last_updated = $4, deleted = $6, patient_ids = $7 WHERE type = $1 AND id = $2 RETURNING key),
  ${oldIndexRows},${versionAndIndexes}`,
};

const reindexStatement: Statement = {
  name: "resource-reindex",
  text: `WITH r AS (SELECT key FROM resource WHERE type = $1 AND id = $2),
  ${oldIndexRows},
  ${indexRows(3)}`,
};

function versionValues(version: StoredVersion, index: SearchIndex): unknown[] {
  const { type, id, lastUpdated, method, deleted, patientIds, content } = version;
  return [type, id, version.version, lastUpdated, method, deleted, patientIds, content, ...indexValues(index)];
}

function indexValues(index: SearchIndex): string[] {
  return [index.tokens, index.strings, index.dates, index.quantities].map((rows) => JSON.stringify(rows));
}

/** Keeps the first version of a resource. False when the id is taken. */
export async function insertResource(transaction: Transaction, version: StoredVersion, index: SearchIndex): Promise<boolean> {
  return (await transaction.query(insertStatement, versionValues(version, index))).length > 0;
}

/** Keeps the next version of a resource locked by `lockCurrent`. */
export async function replaceResource(transaction: Transaction, version: StoredVersion, index: SearchIndex): Promise<void> {
  await transaction.query(replaceStatement, versionValues(version, index));
}

/** Indexes anew a resource locked by `lockNext`, whose version stays as it is. */
export async function reindexResource(transaction: Transaction, version: StoredVersion, index: SearchIndex): Promise<void> {
  await transaction.query(reindexStatement, [version.type, version.id, ...indexValues(index)]);
}

/** Locks the first resource behind a key until the transaction ends; undefined when there is none. */
export async function lockNext(transaction: Transaction, after: string): Promise<{ key: string; version: StoredVersion } | undefined> {
  const next = { name: "resource-next", text: "SELECT key, type, id FROM resource WHERE key > $1 ORDER BY key LIMIT 1 FOR UPDATE" };
  const [row] = await transaction.query<{ key: string; type: string; id: string }>(next, [after]);
  const version = row && (await readCurrent(transaction, row.type, row.id));
  return row && version && { key: row.key, version };
}

/** Locks a resource until the transaction ends and tells its current state; undefined when there never was one. */
export async function lockCurrent(transaction: Transaction, type: string, id: string): Promise<CurrentVersion | undefined> {
  const [row] = await transaction.query<{ key: string; version: number; last_updated: Date; deleted: boolean; patient_ids: string[] }>(
    {
      name: "resource-lock",
      text: "SELECT key, version, last_updated, deleted, patient_ids FROM resource WHERE type = $1 AND id = $2 FOR UPDATE",
    },
    [type, id],
  );
  return row && { key: row.key, version: row.version, lastUpdated: row.last_updated, deleted: row.deleted, patientIds: row.patient_ids };
}

export async function readCurrent(transaction: Transaction, type: string, id: string): Promise<StoredVersion | undefined> {
  const [row] = await transaction.query<VersionRow>(
    {
      name: "resource-read",
      text: `SELECT ${columns} FROM resource r JOIN resource_version v USING (type, id, version) WHERE r.type = $1 AND r.id = $2`,
    },
    [type, id],
  );
  return row && toVersion(row);
}

export async function readVersion(transaction: Transaction, type: string, id: string, version: number): Promise<StoredVersion | undefined> {
  const [row] = await transaction.query<VersionRow>(
    { name: "version-read", text: `SELECT ${columns} FROM resource_version v WHERE v.type = $1 AND v.id = $2 AND v.version = $3` },
    [type, id, version],
  );
  return row && toVersion(row);
}

export interface HistoryPage {
  versions: StoredVersion[];
  total: number;
  /** The version below which the next page begins. */
  nextBefore?: number;
}

/** Versions of one resource, newest first, from below `before`. */
export async function listVersions(
  transaction: Transaction,
  type: string,
  id: string,
  page: { count: number; before?: number; since?: string },
): Promise<HistoryPage> {
  const rows = await transaction.query<VersionRow & { total: string; available: string }>(
    {
      name: "history-page",
      text: boundedPage(`SELECT ${columns}, (SELECT count(*) FROM resource_version c WHERE c.type = $1 AND c.id = $2 AND c.last_updated >= $4) AS total,
          row_number() OVER (ORDER BY v.version DESC) AS place
        FROM resource_version v WHERE v.type = $1 AND v.id = $2 AND v.version < $3 AND v.last_updated >= $4 ORDER BY v.version DESC LIMIT $5`),
    },
    [type, id, page.before ?? 2147483647, page.since ?? "-infinity", page.count + 1],
  );
  const versions = rows.slice(0, page.count).map(toVersion);
  const last = versions.at(-1);
  return {
    versions,
    total: Number(rows[0]?.total ?? 0),
    ...(last && Number(rows[0]?.available) > versions.length ? { nextBefore: last.version } : {}),
  };
}

export interface SearchPage {
  matches: StoredVersion[];
  /** By `_include` and `_revinclude`. */
  included: StoredVersion[];
  /** There is more to include than a page may have. */
  cut: boolean;
  total?: number;
  nextCursor?: string;
}

type FoundRow = VersionRow & { key: string };

/** One page of a search over current versions, of those that the caller sees. */
export async function searchResources(transaction: Transaction, type: string, request: SearchRequest, sight: Sight): Promise<SearchPage> {
  const page: SearchPage = { matches: [], included: [], cut: false };
  if (request.count > 0) {
    const { text, values } = searchStatement(type, request, sight);
    const rows = await transaction.query<FoundRow & { sort_value: string | null; available: string }>({ text }, values);
    const shown = rows.slice(0, request.count);
    page.matches = shown.map(toVersion);
    const last = shown.at(-1);
    if (last && Number(last.available) > page.matches.length) {
      page.nextCursor = encodeCursor({ key: last.key, ...(last.sort_value === null ? {} : { value: last.sort_value }) });
    }
    if (request.inclusions.length > 0) await include(transaction, page, shown, request.inclusions, sight);
  }
  if (request.total || request.count === 0) {
    const { text, values } = totalStatement(type, request, sight);
    const [row] = await transaction.query<{ total: string }>({ text }, values);
    page.total = Number(row?.total ?? 0);
  }
  return page;
}

/** Rounds over what the round before has found: the first for all inclusions, the others for those that iterate. */
async function include(
  transaction: Transaction,
  page: SearchPage,
  matches: readonly FoundRow[],
  inclusions: readonly Inclusion[],
  sight: Sight,
): Promise<void> {
  const known = new Set(matches.map(({ key }) => key));
  let fresh = matches;
  for (let round = 0; fresh.length > 0 && !page.cut; round++) {
    const found: FoundRow[] = [];
    for (const inclusion of inclusions.filter(({ iterate }) => iterate || round === 0)) {
      for (const [type, rows] of Map.groupBy(fresh, (row) => row.type)) {
        const leads = inclusion.direction === "include" ? inclusion.type === type : inclusion.targets.includes(type);
        if (!leads || inclusion.targets.length === 0) continue;
        const from = { type, keys: rows.map(({ key }) => key), ids: rows.map(({ id }) => id) };
        const left = searchLimits.maxIncluded - page.included.length;
        const { text, values } = inclusionStatement(inclusion, from, sight, left + 1);
        const included = await transaction.query<FoundRow & { available: string }>({ text }, values);
        page.cut ||= Number(included[0]?.available ?? 0) > Math.min(left, included.length);
        for (const row of included.slice(0, left)) {
          if (known.has(row.key)) continue;
          known.add(row.key);
          found.push(row);
          page.included.push(toVersion(row));
        }
      }
    }
    fresh = found;
  }
}

export interface RecordPage {
  found: StoredVersion[];
  /** The key behind which the next page begins. */
  next?: string;
}

/** One page of a patient's record. */
export async function listRecord(
  transaction: Transaction,
  patientId: string,
  types: readonly string[],
  page: { after?: string | undefined; since?: string | undefined; count: number },
): Promise<RecordPage> {
  const from = { after: page.after ?? "0", since: page.since ?? "-infinity", count: page.count };
  const { text, values } = recordStatement(patientId, types, from);
  const rows = await transaction.query<FoundRow & { available: string }>({ text }, values);
  const shown = rows.slice(0, page.count);
  const last = shown.at(-1);
  const more = last !== undefined && Number(last.available) > shown.length;
  return { found: shown.map(toVersion), ...(more ? { next: last.key } : {}) };
}
