import type { Statement, Transaction } from "../../lib/database/database.ts";
import type { Condition, SearchRequest } from "../../lib/fhir/parse-search.ts";
import type { SearchIndex } from "../../lib/fhir/search-index.ts";
import { fhirError } from "../../lib/operation-outcome.ts";
import type { Party } from "../party.ts";

/** A message or request as it is kept. */
export interface Stored {
  key: string;
  type: string;
  id: string;
  version: number;
  lastUpdated: Date;
  sent: Date;
  thread: string;
  subject: string | null;
  status: string;
  patientId: string | null;
  /** The FHIR JSON that is given to clients, byte for byte. */
  content: string;
}

/** What is new, before the database knows it. */
export type NewResource = Omit<Stored, "key">;

interface Row {
  key: string;
  type: string;
  id: string;
  version: number;
  last_updated: Date;
  sent: Date;
  thread: string;
  subject: string | null;
  status: string;
  patient_id: string | null;
  content: string;
}

const columns = "r.key, r.type, r.id, r.version, r.last_updated, r.sent, r.thread, r.subject, r.status, r.patient_id, r.content";

function toStored(row: Row): Stored {
  const { last_updated: lastUpdated, patient_id: patientId, ...rest } = row;
  return { ...rest, lastUpdated, patientId };
}

const insertStatement: Statement = {
  name: "message-insert",
  text: `WITH r AS (INSERT INTO resource (type, id, version, last_updated, sent, thread, subject, status, patient_id, content)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING key),
    v AS (INSERT INTO resource_version (type, id, version, last_updated, content) VALUES ($1, $2, $3, $4, $10)),
    p AS (INSERT INTO party (resource_key, actor, side) SELECT r.key, x.actor, x.side FROM r, jsonb_to_recordset($11::jsonb) AS x(actor text, side text))
    SELECT key FROM r`,
};

const indexStatement: Statement = {
  name: "message-index",
  text: `WITH t AS (INSERT INTO search_token (resource_key, parameter, system, code)
      SELECT $1, x.parameter, x.system, x.code FROM jsonb_to_recordset($2::jsonb) AS x(parameter text, system text, code text))
    INSERT INTO search_date (resource_key, parameter, low, high)
      SELECT $1, x.parameter, x.low, x.high FROM jsonb_to_recordset($3::jsonb) AS x(parameter text, low timestamptz, high timestamptz)`,
};

async function index(transaction: Transaction, key: string, { tokens, dates }: SearchIndex): Promise<void> {
  await transaction.query(indexStatement, [key, JSON.stringify(tokens), JSON.stringify(dates)]);
}

export interface Side {
  actor: string;
  side: "sender" | "recipient";
}

/** Keeps what is new, with who takes part in it. Returns its key. */
export async function insertResource(
  transaction: Transaction,
  resource: NewResource,
  sides: readonly Side[],
  found: SearchIndex,
): Promise<string> {
  const { type, id, version, lastUpdated, sent, thread, subject, status, patientId, content } = resource;
  const values = [type, id, version, lastUpdated, sent, thread, subject, status, patientId, content, JSON.stringify(sides)];
  const [row] = await transaction.query<{ key: string }>(insertStatement, values);
  if (!row) throw new Error("a new resource has no key");
  await index(transaction, row.key, found);
  return row.key;
}

/** Keeps the next version. */
export async function replaceResource(transaction: Transaction, next: Stored, found: SearchIndex): Promise<void> {
  const { key, type, id, version, lastUpdated, status, content } = next;
  await transaction.query(
    {
      name: "message-replace",
      text: `WITH v AS (INSERT INTO resource_version (type, id, version, last_updated, content) VALUES ($2, $3, $4, $5, $7)),
          t AS (DELETE FROM search_token WHERE resource_key = $1), d AS (DELETE FROM search_date WHERE resource_key = $1)
        UPDATE resource SET version = $4, last_updated = $5, status = $6, content = $7 WHERE key = $1`,
    },
    [key, type, id, version, lastUpdated, status, content],
  );
  await index(transaction, key, found);
}

const takesPart = (actors: string): string =>
  `EXISTS (SELECT FROM party p WHERE p.resource_key = r.key AND p.actor = ANY (${actors}::text[]))`;

/** A message or request that the caller takes part in; `lock` holds it until the transaction ends. */
export async function readResource(
  transaction: Transaction,
  which: { type: string; id: string },
  actors: readonly string[],
  lock = false,
): Promise<Stored | undefined> {
  const text = `SELECT ${columns} FROM resource r WHERE r.type = $1 AND r.id = $2 AND ${takesPart("$3")} ${lock ? "FOR UPDATE" : ""}`;
  const [row] = await transaction.query<Row>({ name: lock ? "message-lock" : "message-read", text }, [which.type, which.id, actors]);
  return row && toStored(row);
}

/** An older version of what the caller takes part in. */
export async function readVersion(
  transaction: Transaction,
  which: { type: string; id: string; version: number },
  actors: readonly string[],
): Promise<Stored | undefined> {
  const text = `SELECT r.key, r.type, r.id, v.version, v.last_updated, r.sent, r.thread, r.subject, r.status, r.patient_id, v.content
    FROM resource r JOIN resource_version v USING (type, id) WHERE r.type = $1 AND r.id = $2 AND v.version = $3 AND ${takesPart("$4")}`;
  const [row] = await transaction.query<Row>({ name: "message-version", text }, [which.type, which.id, which.version, actors]);
  return row && toStored(row);
}

/** Who takes part in each of these. */
export async function sidesOf(transaction: Transaction, keys: readonly string[]): Promise<Map<string, Side[]>> {
  const rows = await transaction.query<Side & { resource_key: string }>(
    { name: "message-sides", text: "SELECT resource_key, actor, side FROM party WHERE resource_key = ANY ($1::bigint[]) ORDER BY actor" },
    [keys],
  );
  const grouped = Map.groupBy(rows, ({ resource_key }) => resource_key);
  return new Map([...grouped].map(([key, sides]) => [key, sides.map(({ actor, side }) => ({ actor, side }))]));
}

/** Notes that a recipient has opened a message; true for the first time of this reader. */
export async function insertReceipt(
  transaction: Transaction,
  key: string,
  { reader, actors }: Party,
  about: { name: string | undefined; organization: string | undefined },
): Promise<boolean> {
  const rows = await transaction.query(
    {
      name: "receipt-insert",
      text: `INSERT INTO receipt (resource_key, reader, name, organization)
        SELECT $1, $2, $3, $4 WHERE EXISTS (SELECT FROM party WHERE resource_key = $1 AND side = 'recipient' AND actor = ANY ($5::text[]))
        ON CONFLICT DO NOTHING RETURNING reader`,
    },
    [key, reader, about.name ?? null, about.organization ?? null, actors],
  );
  return rows.length > 0;
}

/** Tells whoever listens under these names; never more than what it is about. */
export async function insertNotices(
  transaction: Transaction,
  actors: readonly string[],
  notice: { kind: "message" | "referral" | "receipt" | "deposit"; about: string },
): Promise<void> {
  await transaction.query({ name: "notice-insert", text: "INSERT INTO notice (actor, kind, about) SELECT unnest($1::text[]), $2, $3" }, [
    [...new Set(actors)],
    notice.kind,
    notice.about,
  ]);
}

type Bind = (value: unknown) => string;

const comparisons: Record<string, (column: { low: string; high: string }, range: { low: string; high: string }) => string> = {
  eq: (at, { low, high }) => `${at.low} >= ${low} AND ${at.high} <= ${high}`,
  ne: (at, { low, high }) => `NOT (${at.low} >= ${low} AND ${at.high} <= ${high})`,
  gt: (at, { high }) => `${at.high} > ${high}`,
  lt: (at, { low }) => `${at.low} < ${low}`,
  ge: (at, { low }) => `${at.high} >= ${low}`,
  le: (at, { high }) => `${at.low} <= ${high}`,
  sa: (at, { high }) => `${at.low} > ${high}`,
  eb: (at, { low }) => `${at.high} < ${low}`,
  ap: (at, { low, high }) => `${at.low} <= ${high} AND ${at.high} >= ${low}`,
};

function dateSql(
  bind: Bind,
  at: { low: string; high: string },
  alternatives: readonly { prefix: string; low: string; high: string }[],
): string {
  const tests = alternatives.map(({ prefix, low, high }) =>
    comparisons[prefix]?.(at, { low: `${bind(low)}::timestamptz`, high: `${bind(high)}::timestamptz` }),
  );
  return `(${tests.map((test) => `(${test})`).join(" OR ")})`;
}

/** @throws FhirError 400 for what this service does not search by */
function conditionSql(bind: Bind, condition: Condition): string {
  if (condition.kind === "id") return `r.id = ANY (${bind(condition.ids)}::text[])`;
  if (condition.kind === "lastUpdated") return dateSql(bind, { low: "r.last_updated", high: "r.last_updated" }, condition.alternatives);
  if (condition.kind === "date") {
    const test = dateSql(bind, { low: "i.low", high: "i.high" }, condition.alternatives);
    return `EXISTS (SELECT FROM search_date i WHERE i.resource_key = r.key AND i.parameter = ${bind(condition.parameter)} AND ${test})`;
  }
  if (condition.kind === "token") {
    const tests = condition.alternatives.map(({ system, code, below }) => {
      if (below) throw fhirError(400, "not-supported", "Messages are searched by whole URIs only");
      const both = [
        ...(system === undefined ? [] : [`i.system = ${bind(system)}`]),
        ...(code === undefined ? [] : [`i.code = ${bind(code)}`]),
      ];
      return `(${both.join(" AND ") || "true"})`;
    });
    const exists = `EXISTS (SELECT FROM search_token i WHERE i.resource_key = r.key AND i.parameter = ${bind(condition.parameter)} AND (${tests.join(" OR ")}))`;
    return condition.negated ? `NOT ${exists}` : exists;
  }
  throw fhirError(400, "not-supported", "Messages are searched by their own tokens, references and dates, not by chains, texts or absence");
}

/** One page, the newest first, of what the caller takes part in. */
export async function searchResources(
  transaction: Transaction,
  type: string,
  { conditions, count, total, cursor }: SearchRequest,
  actors: readonly string[],
): Promise<{ matches: Stored[]; next?: string; total?: number }> {
  const values: unknown[] = [];
  const bind: Bind = (value) => `$${values.push(value)}`;
  const where = [`r.type = ${bind(type)}`, takesPart(bind(actors)), ...conditions.map((condition) => conditionSql(bind, condition))].join(
    " AND ",
  );
  const counted = total
    ? await transaction.query<{ total: string }>({ text: `SELECT count(*) AS total FROM resource r WHERE ${where}` }, values)
    : [];
  const from = cursor ? ` AND r.key < ${bind(cursor.key)}::bigint` : "";
  const text = `SELECT ${columns} FROM resource r WHERE ${where}${from} ORDER BY r.key DESC LIMIT ${bind(count + 1)}`;
  const rows = await transaction.query<Row>({ text }, values);
  const shown = rows.slice(0, count).map(toStored);
  const last = rows.length > count ? shown.at(-1) : undefined;
  return { matches: shown, ...(last ? { next: last.key } : {}), ...(total ? { total: Number(counted[0]?.total ?? 0) } : {}) };
}
