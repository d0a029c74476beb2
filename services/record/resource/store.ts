import type { Statement, Transaction } from "../../lib/database/database.ts";
import { encodeCursor, type Inclusion, type SearchRequest, searchLimits } from "../../lib/fhir/parse-search.ts";
import type { SearchIndex } from "../../lib/fhir/search-index.ts";
import type { Sensitivity } from "../rights/sensitivity.ts";
import {
  historyStatement,
  inclusionStatement,
  lockStatement,
  recordStatement,
  type Sight,
  searchStatement,
  totalStatement,
  versionStatement,
} from "./search-sql.ts";

/** One version of a resource as it is kept. */
export interface StoredVersion {
  type: string;
  id: string;
  version: number;
  lastUpdated: Date;
  method: "POST" | "PUT" | "DELETE";
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
  category: string;
  level: number;
  /** Whether whoever wants to change it may see it at all. */
  seen: boolean;
}

interface VersionRow {
  type: string;
  id: string;
  version: number;
  last_updated: Date;
  method: StoredVersion["method"];
  deleted: boolean;
  patient_ids: string[];
  content: string;
}

function toVersion(row: VersionRow): StoredVersion {
  const { type, id, version, method, deleted, content } = row;
  return { type, id, version, lastUpdated: row.last_updated, method, deleted, patientIds: row.patient_ids, content };
}

/** The part that creating and changing share: the version's row, index rows instead of those of the version before, and that it changed. */
const versionAndIndexes = `
  v AS (INSERT INTO resource_version (type, id, version, last_updated, method, deleted, patient_ids, content)
    SELECT $1, $2, $3, $4, $5, $6, $7, $8 FROM r),
  t AS (INSERT INTO search_token (resource_key, type, parameter, system, code)
    SELECT r.key, $1, x.parameter, x.system, x.code FROM r, jsonb_to_recordset($9::jsonb) AS x(parameter text, system text, code text)),
  s AS (INSERT INTO search_string (resource_key, type, parameter, value, exact)
    SELECT r.key, $1, x.parameter, x.value, x.exact FROM r, jsonb_to_recordset($10::jsonb) AS x(parameter text, value text, exact text)),
  d AS (INSERT INTO search_date (resource_key, type, parameter, low, high)
    SELECT r.key, $1, x.parameter, x.low, x.high FROM r, jsonb_to_recordset($11::jsonb) AS x(parameter text, low timestamptz, high timestamptz)),
  q AS (INSERT INTO search_quantity (resource_key, type, parameter, low, high, system, code, unit)
    SELECT r.key, $1, x.parameter, x.low, x.high, x.system, x.code, x.unit
    FROM r, jsonb_to_recordset($12::jsonb) AS x(parameter text, low numeric, high numeric, system text, code text, unit text)),
  c AS (INSERT INTO change (type, id, version, method, patient_ids, category)
    SELECT $1, $2, $3, $5, $7, r.category FROM r WHERE $1 <> 'Binary')
  SELECT category, level FROM r`;

/** The level that the patients want for what says nothing itself. */
const patientsDefault = `coalesce((SELECT max(x.level) FROM access_rule x
  WHERE x.kind = 'default-level' AND x.patient_id = ANY ($7) AND now() BETWEEN x.valid_from AND x.valid_to), 0)`;

const insertStatement: Statement = {
  name: "resource-insert",
  text: `WITH r AS (INSERT INTO resource (type, id, version, last_updated, deleted, patient_ids, category, level)
    VALUES ($1, $2, $3, $4, $6, $7, $13, coalesce($14::smallint, ${patientsDefault}))
    ON CONFLICT (type, id) DO NOTHING RETURNING key, category, level),${versionAndIndexes}`,
};

const replaceStatement: Statement = {
  name: "resource-replace",
  text: `WITH r AS (UPDATE resource SET version = $3, last_updated = $4, deleted = $6, patient_ids = $7, category = coalesce($13, category),
      level = CASE WHEN $15 THEN coalesce($14::smallint, ${patientsDefault}) ELSE greatest(level, $14::smallint) END
    WHERE type = $1 AND id = $2 RETURNING key, category, level),
  t0 AS (DELETE FROM search_token USING r WHERE resource_key = r.key),
  s0 AS (DELETE FROM search_string USING r WHERE resource_key = r.key),
  d0 AS (DELETE FROM search_date USING r WHERE resource_key = r.key),
  q0 AS (DELETE FROM search_quantity USING r WHERE resource_key = r.key),${versionAndIndexes}`,
};

/** What rights depend on; without, a change leaves it as it was. Only a patient makes a part less confidential. */
export type Labels = Pick<Sensitivity, "category" | "level">;

function versionValues(version: StoredVersion, index: SearchIndex, labels: Labels | undefined): unknown[] {
  const { type, id, lastUpdated, method, deleted, patientIds, content } = version;
  const indexes = [index.tokens, index.strings, index.dates, index.quantities].map((rows) => JSON.stringify(rows));
  const first = [type, id, version.version, lastUpdated, method, deleted, patientIds, content];
  return [...first, ...indexes, labels?.category ?? null, labels?.level ?? null];
}

/** Keeps the first version of a resource. False when the id is taken. */
export async function insertResource(
  transaction: Transaction,
  version: StoredVersion,
  index: SearchIndex,
  labels: Labels,
): Promise<boolean> {
  return (await transaction.query(insertStatement, versionValues(version, index, labels))).length > 0;
}

/** Keeps the next version of a resource locked by `lockCurrent`. */
export async function replaceResource(
  transaction: Transaction,
  version: StoredVersion,
  index: SearchIndex,
  rights: { labels?: Labels; mayLower: boolean },
): Promise<{ category: string; level: number }> {
  const [kept] = await transaction.query<{ category: string; level: number }>(replaceStatement, [
    ...versionValues(version, index, rights.labels),
    rights.mayLower,
  ]);
  if (!kept) throw new Error("a locked resource is gone");
  return kept;
}

/**
 * Locks a resource until the transaction ends and tells its current state; undefined when there never was one. What the caller does not see
 * is locked too: the caller must be told what one is told of a resource that never was.
 */
export async function lockCurrent(transaction: Transaction, type: string, id: string, sight: Sight): Promise<CurrentVersion | undefined> {
  const { values, ...statement } = lockStatement(type, id, sight);
  type Row = { key: string; version: number; last_updated: Date; deleted: boolean; patient_ids: string[] } & Pick<
    CurrentVersion,
    "category" | "level" | "seen"
  >;
  const [row] = await transaction.query<Row>(statement, values);
  return (
    row && {
      ...{ key: row.key, version: row.version, lastUpdated: row.last_updated, deleted: row.deleted },
      ...{ patientIds: row.patient_ids, category: row.category, level: row.level, seen: row.seen },
    }
  );
}

/** The current version, where the caller sees it. */
export function readCurrent(transaction: Transaction, type: string, id: string, sight: Sight): Promise<StoredVersion | undefined> {
  return readOne(transaction, { type, id }, sight);
}

/** Any version, where the caller sees the resource and that version's patients are within sight too. */
export function readVersion(
  transaction: Transaction,
  type: string,
  id: string,
  version: number,
  sight: Sight,
): Promise<StoredVersion | undefined> {
  return readOne(transaction, { type, id, version }, sight);
}

async function readOne(
  transaction: Transaction,
  which: { type: string; id: string; version?: number },
  sight: Sight,
): Promise<StoredVersion | undefined> {
  const { values, ...statement } = versionStatement(which, sight);
  const [row] = await transaction.query<VersionRow>(statement, values);
  return row && toVersion(row);
}

/** Whose record something is part of that the caller does not see: for the audit record, never for the answer. */
export async function ownersOf(transaction: Transaction, type: string, id: string): Promise<{ patientIds: string[] } | undefined> {
  const [row] = await transaction.query<{ patient_ids: string[] }>(
    { name: "resource-owners", text: "SELECT patient_ids FROM resource WHERE type = $1 AND id = $2" },
    [type, id],
  );
  return row && { patientIds: row.patient_ids };
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
  sight: Sight,
): Promise<HistoryPage> {
  const { text, values } = historyStatement({ type, id }, page, sight);
  const rows = await transaction.query<VersionRow & { total: string; available: string }>({ text }, values);
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
  sight: Sight,
): Promise<RecordPage> {
  const from = { after: page.after ?? "0", since: page.since ?? "-infinity", count: page.count };
  const { text, values } = recordStatement(patientId, types, from, sight);
  const rows = await transaction.query<FoundRow & { available: string }>({ text }, values);
  const shown = rows.slice(0, page.count);
  const last = shown.at(-1);
  const more = last !== undefined && Number(last.available) > shown.length;
  return { found: shown.map(toVersion), ...(more ? { next: last.key } : {}) };
}
