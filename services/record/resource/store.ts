import type { Statement, Transaction } from "../../lib/database/database.ts";
import type { DateRange } from "../../lib/fhir/date-range.ts";
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
  method: "POST" | "PUT" | "PATCH" | "DELETE";
  deleted: boolean;
  patientIds: string[];
  /** The FHIR JSON that is given to clients, byte for byte; empty for a deletion. */
  content: string;
  /** The bytes of a long document, kept in parts of their own; `content` says nothing of them. */
  document?: string;
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

export interface VersionRow {
  type: string;
  id: string;
  version: number;
  last_updated: Date;
  method: StoredVersion["method"];
  deleted: boolean;
  patient_ids: string[];
  content: string;
  document: string | null;
}

export function toVersion(row: VersionRow): StoredVersion {
  const { type, id, version, method, deleted, content, document } = row;
  const of = { type, id, version, lastUpdated: row.last_updated, method, deleted, patientIds: row.patient_ids, content };
  return document === null ? of : { ...of, document };
}

const indexTables = [
  { table: "search_token", columns: { parameter: "text", occurrence: "integer", system: "text", code: "text" } },
  { table: "search_string", columns: { parameter: "text", occurrence: "integer", value: "text", exact: "text" } },
  { table: "search_date", columns: { parameter: "text", occurrence: "integer", low: "timestamptz", high: "timestamptz" } },
  {
    table: "search_quantity",
    columns: { parameter: "text", occurrence: "integer", low: "numeric", high: "numeric", system: "text", code: "text", unit: "text" },
  },
] as const;

/**
 * Index rows of a resource `r`, of the type $1, from four lists of rows as JSON, whose places begin with `first`.
 * @param changed there are rows already: what is the same in both stays untouched
 */
function indexRows(first: number, changed: boolean): string {
  return indexTables
    .map(({ table, columns }, at) => {
      const names = Object.keys(columns);
      const given = `jsonb_to_recordset($${first + at}::jsonb) AS x(${Object.entries(columns)
        .map((column) => column.join(" "))
        .join(", ")})`;
      const [old, fresh] = [`o${at}`, `n${at}`];
      const row = (alias: string): string => `ROW(${names.map((name) => `${alias}.${name}`).join(", ")})::text`;
      const insert = `INSERT INTO ${table} (resource_key, type, ${names.join(", ")}) SELECT r.key, $1, ${names.map((name) => `x.${name}`).join(", ")}`;
      if (!changed) return `i${at} AS (${insert} FROM r, ${given})`;
      return `${old} AS (SELECT s.ctid AS place, ${row("s")} AS row FROM ${table} s JOIN r ON s.resource_key = r.key),
  ${fresh} AS (SELECT x.*, ${row("x")} AS row FROM ${given}),
  d${at} AS (DELETE FROM ${table} WHERE ctid = ANY (ARRAY(SELECT place FROM ${old} WHERE row NOT IN (SELECT row FROM ${fresh})))),
  i${at} AS (${insert} FROM r, ${fresh} x WHERE x.row NOT IN (SELECT row FROM ${old}))`;
    })
    .join(",\n  ");
}

/** The part that creating and changing share: the version's row, index rows, and that it changed. */
const versionAndIndexes = (changed: boolean): string => `
  v AS (INSERT INTO resource_version (type, id, version, last_updated, method, deleted, patient_ids, content)
    SELECT $1, $2, $3, $4, $5, $6, $7, $8 FROM r),
  ${indexRows(9, changed)},
  c AS (INSERT INTO change (type, id, version, method, patient_ids, category)
    SELECT $1, $2, $3, $5, $7, r.category FROM r WHERE $1 <> 'Binary')
  SELECT category, level FROM r`;

/** The level that the patients want for what says nothing itself. */
const patientsDefault = `coalesce((SELECT max(x.level) FROM access_rule x
  WHERE x.kind = 'default-level' AND x.patient_id = ANY ($7) AND now() BETWEEN x.valid_from AND x.valid_to), 0)`;

const insertion = `WITH r AS (INSERT INTO resource (type, id, version, last_updated, deleted, patient_ids, category, level)
    VALUES ($1, $2, $3, $4, $6, $7, $13, coalesce($14::smallint, ${patientsDefault}))`;
const addStatement: Statement = { name: "resource-add", text: `${insertion} RETURNING key, category, level),${versionAndIndexes(false)}` };
const insertStatement: Statement = {
  name: "resource-insert",
  text: `${insertion} ON CONFLICT (type, id) DO NOTHING RETURNING key, category, level),${versionAndIndexes(false)}`,
};

const replaceStatement: Statement = {
  name: "resource-replace",
  text: `WITH r AS (UPDATE resource SET version = $3, last_updated = $4, deleted = $6, patient_ids = $7, category = coalesce($13, category),
      level = CASE WHEN $15 THEN coalesce($14::smallint, ${patientsDefault}) ELSE greatest(level, $14::smallint) END
    WHERE type = $1 AND id = $2 RETURNING key, category, level),
  ${versionAndIndexes(true)}`,
};

/** What a resource that does not say what it is about has been given by others, it keeps; and nothing becomes less confidential. */
const reindexStatement: Statement = {
  name: "resource-reindex",
  text: `WITH r AS (UPDATE resource SET category = CASE $7 WHEN 'other' THEN category ELSE $7 END, level = greatest(level, $8::smallint)
    WHERE type = $1 AND id = $2 RETURNING key, category, level),
  ${indexRows(3, true)}
  SELECT category, level FROM r`,
};

/** What rights depend on; without, a change leaves it as it was. Only a patient makes a part less confidential. */
export type Labels = Pick<Sensitivity, "category" | "level">;

function versionValues(version: StoredVersion, index: SearchIndex, labels: Labels | undefined): unknown[] {
  const { type, id, lastUpdated, method, deleted, patientIds, content } = version;
  const first = [type, id, version.version, lastUpdated, method, deleted, patientIds, content];
  return [...first, ...indexValues(index), labels?.category ?? null, labels?.level ?? null];
}

function indexValues(index: SearchIndex): string[] {
  return [index.tokens, index.strings, index.dates, index.quantities].map((rows) => JSON.stringify(rows));
}

/** Keeps the first version of a resource under a new random id. */
export function addResource(transaction: Transaction, version: StoredVersion, index: SearchIndex, labels: Labels): void {
  transaction.send(addStatement, versionValues(version, index, labels));
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

/** Indexes anew a resource locked by `lockNext`, whose version stays as it is. @returns what its rights depend on, now */
export async function reindexResource(
  transaction: Transaction,
  { type, id }: { type: string; id: string },
  index: SearchIndex,
  labels: Labels,
): Promise<{ category: string; level: number }> {
  const values = [type, id, ...indexValues(index), labels.category, labels.level ?? null];
  const [kept] = await transaction.query<{ category: string; level: number }>(reindexStatement, values);
  if (!kept) throw new Error("a locked resource is gone");
  return kept;
}

/** Puts a resource locked by `lockNext` into the records that it is part of, with its current version, and with those that were part of none. */
export async function reownResource(transaction: Transaction, type: string, id: string, patientIds: readonly string[]): Promise<void> {
  await transaction.query(
    {
      name: "resource-reown",
      text: `WITH r AS (UPDATE resource SET patient_ids = $3 WHERE type = $1 AND id = $2 RETURNING type, id, version)
        UPDATE resource_version v SET patient_ids = $3 FROM r
        WHERE v.type = r.type AND v.id = r.id AND (v.version = r.version OR v.patient_ids = '{}')`,
    },
    [type, id, patientIds],
  );
}

/** A resource as it is kept, and the last content that it had: of a deleted one that of the version before. */
export interface KeptResource extends Pick<CurrentVersion, "key" | "deleted" | "patientIds" | "category" | "level"> {
  type: string;
  id: string;
  content: string | undefined;
}

/** Locks the first resource behind a key until the transaction ends; undefined when there is none. */
export async function lockNext(transaction: Transaction, after: string): Promise<KeptResource | undefined> {
  type Row = Omit<KeptResource, "patientIds" | "content"> & { patient_ids: string[] };
  const [row] = await transaction.query<Row>(
    {
      name: "resource-next",
      text: `SELECT key, type, id, deleted, patient_ids, category, level FROM resource WHERE key > $1::bigint ORDER BY key LIMIT 1 FOR UPDATE`,
    },
    [after],
  );
  if (!row) return undefined;
  // After the lock: what it waited for has been committed.
  const [last] = await transaction.query<{ content: string }>(
    {
      name: "resource-last-content",
      text: "SELECT content FROM resource_version WHERE type = $1 AND id = $2 AND NOT deleted ORDER BY version DESC LIMIT 1",
    },
    [row.type, row.id],
  );
  const { patient_ids: patientIds, ...rest } = row;
  return { ...rest, patientIds, content: last?.content };
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

/** The patients whose records these resources are part of, in order. */
export async function patientsOf(transaction: Transaction, resources: readonly { system: string; code: string }[]): Promise<string[]> {
  if (resources.length === 0) return [];
  const rows = await transaction.query<{ id: string }>(
    {
      name: "resource-patients",
      text: `SELECT DISTINCT p.id FROM unnest($1::text[], $2::text[]) AS n(type, id) JOIN resource r USING (type, id), unnest(r.patient_ids) AS p(id)
        ORDER BY p.id`,
    },
    [resources.map(({ system }) => system), resources.map(({ code }) => code)],
  );
  return rows.map(({ id }) => id);
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
  page: { count: number; before?: number; since?: string; at?: DateRange },
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
    const { values, ...statement } = searchStatement(type, request, sight);
    const rows = await transaction.query<FoundRow & { sort_value: string | null; available: string }>(statement, values);
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
  page: { after?: string | undefined; since?: string | undefined; care?: DateRange | undefined; count: number },
  sight: Sight,
): Promise<RecordPage> {
  const from = { after: page.after ?? "0", since: page.since ?? "-infinity", care: page.care, count: page.count };
  const { values, ...statement } = recordStatement(patientId, types, from, sight);
  const rows = await transaction.query<FoundRow & { available: string }>(statement, values);
  const shown = rows.slice(0, page.count);
  const last = shown.at(-1);
  const more = last !== undefined && Number(last.available) > shown.length;
  return { found: shown.map(toVersion), ...(more ? { next: last.key } : {}) };
}
