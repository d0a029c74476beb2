import { StatementNames } from "../../lib/database/statement-names.ts";
import type { DateRange } from "../../lib/fhir/date-range.ts";
import type {
  Condition,
  DatePrefix,
  Inclusion,
  IndexTable,
  QuantityTest,
  SearchRequest,
  TokenTest,
  ValueCondition,
} from "../../lib/fhir/parse-search.ts";
import { patientParameter } from "../catalogue.ts";
import { partsPath } from "../rights/compilations.ts";
import type { Rights } from "../rights/decide.ts";
import { compilationSql, rightsSql, versionCompilationSql } from "../rights/rights-sql.ts";

/** What is seen: everything, or of the types that are part of a record only one patient's, or what rights allow, or both. */
export interface Sight {
  patientId: string | undefined;
  rights: Rights | undefined;
  isDirectory: (type: string) => boolean;
}

/** The platform's own. */
export const unbounded: Sight = { patientId: undefined, rights: undefined, isDirectory: () => false };

/** Collects values and names their places: user input never becomes part of the text. */
export class Values {
  readonly list: unknown[] = [];
  #aliases = 0;

  add(value: unknown): string {
    this.list.push(value);
    return `$${this.list.length}`;
  }

  /** A name for one more look at the resources. */
  alias(): string {
    this.#aliases++;
    return `r${this.#aliases}`;
  }
}

export interface SqlText {
  /** Of a statement that is asked often: prepared once for each connection. */
  name?: string;
  text: string;
  values: unknown[];
}

export const columns = "v.type, v.id, v.version, v.last_updated, v.method, v.deleted, v.patient_ids, v.content, v.document";

/** One version, the current one unless another is named. */
export function versionStatement(which: { type: string; id: string; version?: number }, sight: Sight): SqlText {
  const values = new Values();
  const version = which.version === undefined ? "r.version" : `${values.add(which.version)}::integer`;
  const where = [...named(values, which), `v.version = ${version}`, ...seenVersionSql({ values, sight, type: which.type, alias: "r" })];
  const text = `SELECT ${columns} FROM resource r JOIN resource_version v USING (type, id) WHERE ${where.join(" AND ")}`;
  return { name: nameOf(which.version === undefined ? "read" : "vread", sight, which.type), text, values: values.list };
}

/** A resource's state, locked, and whether it is seen. */
export function lockStatement(type: string, id: string, sight: Sight): SqlText {
  const values = new Values();
  const seen = ["true", ...seenSql({ values, sight, type, alias: "r" })].join(" AND ");
  const text = `SELECT r.key, r.version, r.last_updated, r.deleted, r.patient_ids, r.category, r.level, (${seen}) AS seen FROM resource r
    WHERE ${named(values, { type, id }).join(" AND ")} FOR UPDATE`;
  return { name: nameOf("lock", sight, type), text, values: values.list };
}

/** Versions of one resource, newest first, from below `before`; see `boundedPage`. */
export function historyStatement(
  which: { type: string; id: string },
  page: { count: number; before?: number; since?: string; at?: DateRange },
  sight: Sight,
): SqlText {
  const values = new Values();
  const where = [
    ...named(values, which),
    ...(page.since === undefined ? [] : [`v.last_updated >= ${values.add(page.since)}::timestamptz`]),
    ...(page.at ? [currentAtSql(values, page.at)] : []),
    ...seenVersionSql({ values, sight, type: which.type, alias: "r" }),
  ].join(" AND ");
  const from = "FROM resource r JOIN resource_version v USING (type, id)";
  const below = values.add(page.before ?? 2147483647);
  const rows = `SELECT ${columns}, (SELECT count(*) ${from} WHERE ${where}) AS total, row_number() OVER (ORDER BY v.version DESC) AS place
    ${from} WHERE ${where} AND v.version < ${below}::integer ORDER BY v.version DESC LIMIT ${values.add(page.count + 1)}`;
  return { text: boundedPage(rows), values: values.list };
}

/** Whether a row `v` of `resource_version` was the current version at some time within a range. */
export function currentAtSql(values: Values, { low, high }: DateRange): string {
  return `v.last_updated < ${values.add(high)}::timestamptz + interval '1 millisecond'
    AND NOT EXISTS (SELECT 1 FROM resource_version n WHERE n.type = v.type AND n.id = v.id AND n.version = v.version + 1
      AND n.last_updated <= ${values.add(low)}::timestamptz)`;
}

/** The text depends on what bounds the sight, and where rights do so, for some types on the type, and on nothing else. */
function nameOf(statement: string, sight: Sight, type: string): string {
  const rights = sight.rights ? `-rights${partsPath(type) === undefined ? "" : `-${type}`}` : "";
  const bounds = sight.isDirectory(type) ? [] : [sight.patientId === undefined ? "" : "-patient", rights];
  return `resource-${statement}${bounds.join("")}`;
}

function named(values: Values, { type, id }: { type: string; id: string }): string[] {
  return [`r.type = ${values.add(type)}`, `r.id = ${values.add(id)}`];
}

/** One page, one row longer than asked for, so that the caller sees whether there is a next one; see `boundedPage`. */
export function searchStatement(type: string, request: SearchRequest, sight: Sight): SqlText {
  const values = new Values();
  const where = conditions({ values, sight, type, alias: "r" }, request.conditions);
  const { isText } = request.sort;
  const direction = request.sort.descending ? "DESC" : "ASC";
  const sort = sortExpression(values, request);
  if (request.cursor) {
    const comparison = request.sort.descending ? "<" : ">";
    const key = values.add(request.cursor.key);
    where.push(
      sort
        ? `(${sort}, r.key) ${comparison} (${values.add(request.cursor.value ?? (isText ? "" : "infinity"))}::${isText ? "text" : "timestamptz"}, ${key}::bigint)`
        : `r.key ${comparison} ${key}::bigint`,
    );
  }
  // An instant as text that reads back to the microsecond, infinities included.
  const instantText = sort
    ? `CASE WHEN isfinite(${sort}) THEN to_char(${sort} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') ELSE (${sort})::text END`
    : "NULL";
  const sortText = isText ? sort : instantText;
  const order = `${sort ? `${sort} ${direction}, ` : ""}r.key ${direction}`;
  const page = pageOf(values, { where: where.join(" AND "), order, limit: request.count + 1, more: `, ${sortText} AS sort_value` });
  return isOfOnePatient(request, sight) ? askedOften(page) : page;
}

const names = new StatementNames("resource-page");

/** Not for what may find any number of resources: there the plan depends on which. */
function askedOften({ text, values }: SqlText): SqlText {
  const name = names.of(text);
  return name === undefined ? { text, values } : { name, text, values };
}

function isOfOnePatient({ conditions }: SearchRequest, sight: Sight): boolean {
  const ofOne = (condition: Condition): boolean =>
    condition.kind === "token" &&
    !condition.negated &&
    ["patient", "subject"].includes(condition.parameter) &&
    condition.alternatives.length === 1 &&
    condition.alternatives.every(({ code, below }) => code !== undefined && !below);
  return sight.patientId !== undefined || conditions.some(ofOne);
}

/** How much content one page may carry, beyond its first row: a page of large Binaries must not fill the memory. */
export const pageMaxBytes = 8 * 1024 * 1024;

/**
 * Cuts a page, whose rows have a `place`, where its content gets too long. Each row tells by `available` how many rows there
 * were before the cut. Lengths are known without reading the content itself.
 */
export function boundedPage(page: string): string {
  return `SELECT * FROM (
      SELECT p.*, count(*) OVER () AS available, sum(octet_length(p.content)) OVER (ORDER BY p.place) - octet_length(p.content) AS bytes_before
      FROM (${page}) p) b
    WHERE b.bytes_before < ${pageMaxBytes} ORDER BY b.place`;
}

/** Current versions of the resources that a condition on `r` finds, in their order; see `boundedPage`. */
function pageOf(
  values: Values,
  { where, order = "r.key", limit, more = "" }: { where: string; order?: string; limit: number; more?: string },
): SqlText {
  const rows = `SELECT ${columns}, r.key${more},
        row_number() OVER (ORDER BY ${order}) AS place
      FROM resource r JOIN resource_version v USING (type, id, version)
      WHERE ${where} ORDER BY ${order} LIMIT ${values.add(limit)}`;
  return { text: boundedPage(rows), values: values.list };
}

/** Whatever is part of a patient's record, the Patient first made, in the order of creation, from behind a key; one row longer than asked for. */
export function recordStatement(
  patientId: string,
  types: readonly string[],
  page: { after: string; since: string; count: number; care?: DateRange | undefined },
  sight: Sight,
): SqlText {
  const values = new Values();
  const part = `SELECT i.resource_key FROM search_token i WHERE i.type = ANY (${values.add(types)}::text[]) AND i.parameter = ${values.add(patientParameter)}
    AND i.code = ${values.add(patientId)}`;
  const from = `r.key > ${values.add(page.after)}::bigint AND r.last_updated >= ${values.add(page.since)}::timestamptz`;
  const seen = sight.rights ? rightsConditions(values, sight.rights, undefined, "r") : [];
  const care = page.care ? [careSql(values, page.care)] : [];
  const where = [`r.key IN (${part})`, "NOT r.deleted", from, ...care, ...seen];
  return askedOften(pageOf(values, { where: where.join(" AND "), limit: page.count + 1 }));
}

/** When care was given or planned, as the types call it; what has no such date belongs to all of a record's time. */
const careDates = ["date", "onset-date", "recorded-date", "effective", "authoredon", "authored-on", "sent", "recorded"];

function careSql(values: Values, { low, high }: DateRange): string {
  const dated = `SELECT FROM search_date o WHERE o.resource_key = r.key AND o.parameter = ANY (${values.add(careDates)}::text[])`;
  return `(NOT EXISTS (${dated}) OR EXISTS (${dated} AND ${dateTest(values, "ap", "o.low", "o.high", { low, high })}))`;
}

export function totalStatement(type: string, request: SearchRequest, sight: Sight): SqlText {
  const values = new Values();
  const where = conditions({ values, sight, type, alias: "r" }, request.conditions);
  return { text: `SELECT count(*) AS total FROM resource r WHERE ${where.join(" AND ")}`, values: values.list };
}

/** What a page's resources refer to by one parameter, or what refers to them; at most `limit` rows. */
export function inclusionStatement(
  { direction, type, parameter, targets }: Inclusion,
  from: { keys: readonly string[]; ids: readonly string[]; type: string },
  sight: Sight,
  limit: number,
): SqlText {
  const values = new Values();
  const link = `i.type = ${values.add(type)} AND i.parameter = ${values.add(parameter)}`;
  const seen = (alias: string, ofType: string): string => conditions({ values, sight, type: ofType, alias }, []).join(" AND ");
  const which =
    direction === "include"
      ? `(r.type, r.id) IN (SELECT i.system, i.code FROM search_token i WHERE ${link} AND i.resource_key = ANY (${values.add(from.keys)}::bigint[]))
        AND (${any(targets.map((target) => `(${seen("r", target)})`))})`
      : `r.key IN (SELECT i.resource_key FROM search_token i WHERE ${link} AND i.system = ${values.add(from.type)}
          AND i.code = ANY (${values.add(from.ids)}::text[])) AND ${seen("r", type)}`;
  return pageOf(values, { where: which, limit });
}

/** Later than any other text in the order of its bytes. */
const lastText = String.fromCodePoint(0x10ffff);

/** Resources without the date or the text come last, whichever the direction. */
function sortExpression(values: Values, { sort }: SearchRequest): string | undefined {
  if (sort.by === "none") {
    return undefined;
  }
  if (sort.by === "_lastUpdated") {
    return "r.last_updated";
  }
  const aggregate = sort.descending ? "max" : "min";
  if (sort.isText) {
    const missing = values.add(sort.descending ? "" : lastText);
    return `(coalesce((SELECT ${aggregate}(o.value COLLATE "C") FROM search_string o
      WHERE o.resource_key = r.key AND o.parameter = ${values.add(sort.by)}), ${missing}::text) COLLATE "C")`;
  }
  const missing = sort.descending ? "-infinity" : "infinity";
  return `coalesce((SELECT ${aggregate}(o.low) FROM search_date o WHERE o.resource_key = r.key AND o.parameter = ${values.add(sort.by)}), '${missing}'::timestamptz)`;
}

/** The resources that conditions are about: their type, and the name under which the query looks at them. */
interface Looked {
  values: Values;
  sight: Sight;
  type: string;
  alias: string;
  /** Also resources that were deleted: for histories. */
  deletedToo?: boolean;
}

/** What the caller sees of a type's resources, and of them those that meet the conditions. */
export function conditions(looked: Looked, list: readonly Condition[]): string[] {
  const { values, type, alias, sight } = looked;
  const where = [`${alias}.type = ${values.add(type)}`, ...(looked.deletedToo ? [] : [`NOT ${alias}.deleted`])];
  if (!sight.isDirectory(type)) {
    // By the index, since the record of one patient may be all that is looked at.
    if (sight.patientId !== undefined) where.push(exists(looked, "token", patientParameter, `i.code = ${values.add(sight.patientId)}`));
    if (sight.rights) where.push(...rightsConditions(values, sight.rights, type, alias));
  }
  return [...where, ...list.map((condition) => conditionSql(looked, condition))];
}

/** What one must be allowed to see of a resource that is named. */
function seenSql({ values, sight, type, alias }: Looked): string[] {
  if (sight.isDirectory(type)) return [];
  return [
    ...(sight.patientId === undefined ? [] : [`${values.add(sight.patientId)} = ANY (${alias}.patient_ids)`]),
    ...(sight.rights ? rightsConditions(values, sight.rights, type, alias) : []),
  ];
}

/** And of one of its versions, a row `v` of `resource_version`: it was part of the records of these patients. */
export function versionSeenSql({ values, sight, type, alias }: Looked): string[] {
  if (sight.isDirectory(type)) return [];
  const bind = (value: unknown): string => values.add(value);
  return [
    ...(sight.patientId === undefined ? [] : [`${values.add(sight.patientId)} = ANY (v.patient_ids)`]),
    ...(sight.rights
      ? [rightsSql(bind, sight.rights, alias, "v.patient_ids"), ...versionCompilationSql(bind, sight.rights, alias, type)]
      : []),
  ];
}

function seenVersionSql(looked: Looked): string[] {
  return [...seenSql(looked), ...versionSeenSql(looked)];
}

function rightsConditions(values: Values, rights: Rights, type: string | undefined, alias: string): string[] {
  const bind = (value: unknown): string => values.add(value);
  return [rightsSql(bind, rights, alias), ...compilationSql(bind, rights, alias, type)];
}

/** A subquery by key lets the planner start from whichever condition is the narrowest. */
function exists({ values, type, alias }: Looked, table: IndexTable, parameter: string, test: string): string {
  return `${alias}.key IN (SELECT i.resource_key FROM search_${table} i WHERE i.type = ${values.add(type)} AND i.parameter = ${values.add(parameter)} AND (${test}))`;
}

/** The resources of another type that meet a condition, by what names them: `id` or `key`. Only what the caller sees counts. */
function others(looked: Looked, type: string, condition: Condition, column: "id" | "key"): string {
  const alias = looked.values.alias();
  return `SELECT ${alias}.${column} FROM resource ${alias} WHERE ${conditions({ ...looked, type, alias }, [condition]).join(" AND ")}`;
}

function conditionSql(looked: Looked, condition: Condition): string {
  const { values, alias } = looked;
  switch (condition.kind) {
    case "id":
      return `${alias}.id = ANY (${values.add(condition.ids)}::text[])`;
    case "lastUpdated": {
      const updated = `${alias}.last_updated`;
      return any(condition.alternatives.map((each) => dateTest(values, each.prefix, updated, updated, each)));
    }
    case "date":
    case "quantity":
    case "string":
      return exists(looked, condition.kind, condition.parameter, valueTest(values, condition));
    case "token": {
      const test = exists(looked, "token", condition.parameter, valueTest(values, condition));
      return condition.negated ? `NOT (${test})` : test;
    }
    case "any":
      return any(condition.conditions.map((each) => conditionSql(looked, each)));
    case "composite":
      return `${alias}.key IN (${composite(values, looked.type, condition.alternatives)})`;
    case "missing": {
      const test = exists(looked, condition.table, condition.parameter, "true");
      return condition.missing ? `NOT (${test})` : test;
    }
    case "chain": {
      const targets = others(looked, condition.target, condition.condition, "id");
      return exists(looked, "token", condition.parameter, `i.system = ${values.add(condition.target)} AND i.code IN (${targets})`);
    }
    case "has": {
      const sources = others(looked, condition.type, condition.condition, "key");
      return `${alias}.id IN (SELECT i.code FROM search_token i WHERE i.type = ${values.add(condition.type)}
        AND i.parameter = ${values.add(condition.parameter)} AND i.system = ${values.add(looked.type)} AND i.resource_key IN (${sources}))`;
    }
  }
}

/** What a row of the index must hold, of the table that has the condition's kind for its name. */
function valueTest(values: Values, condition: ValueCondition, row = "i"): string {
  switch (condition.kind) {
    case "date":
      return any(condition.alternatives.map((each) => dateTest(values, each.prefix, `${row}.low`, `${row}.high`, each)));
    case "quantity":
      return any(condition.alternatives.map((each) => quantityTest(values, each, row)));
    case "string":
      return any(condition.alternatives.map((text) => stringTest(values, condition.match, text, row)));
    case "token":
      return any(condition.alternatives.map((each) => tokenTest(values, each, row)));
  }
}

/** The resources that have a place where every part of one alternative is met: one join, so that a narrower condition can lead to it. */
function composite(values: Values, type: string, alternatives: readonly (readonly ValueCondition[])[]): string {
  const [parts = []] = alternatives;
  const where = parts.flatMap(({ parameter }, at) => [
    `i${at}.type = ${values.add(type)} AND i${at}.parameter = ${values.add(parameter)}`,
    ...(at === 0 ? [] : [`i${at}.resource_key = i0.resource_key AND i${at}.occurrence = i0.occurrence`]),
  ]);
  const tests = alternatives.map((each) => `(${each.map((part, at) => valueTest(values, part, `i${at}`)).join(" AND ")})`);
  const tables = parts.map(({ kind }, at) => `search_${kind} i${at}`).join(", ");
  return `SELECT i0.resource_key FROM ${tables} WHERE ${[...where, any(tests)].join(" AND ")}`;
}

function any(tests: string[]): string {
  return `(${tests.join(" OR ")})`;
}

function tokenTest(values: Values, token: TokenTest, row: string): string {
  const code = (text: string): string =>
    token.below
      ? `(${row}.code = ${values.add(text)} OR starts_with(${row}.code, ${values.add(`${text.replace(/\/$/, "")}/`)}))`
      : `${row}.code = ${values.add(text)}`;
  const tests = [
    ...(token.code === undefined ? [] : [code(token.code)]),
    ...(token.system === undefined ? [] : [`${row}.system = ${values.add(token.system)}`]),
  ];
  return `(${tests.join(" AND ")})`;
}

function stringTest(values: Values, match: "prefix" | "exact" | "contains", text: string, row: string): string {
  if (match === "exact") {
    return `${row}.exact = ${values.add(text)}`;
  }
  const escaped = text.replace(/[\\%_]/g, "\\$&");
  return `${row}.value LIKE ${values.add(match === "prefix" ? `${escaped}%` : `%${escaped}%`)}`;
}

function quantityTest(values: Values, { prefix, value, half, system, code }: QuantityTest, row: string): string {
  const number = `${values.add(value)}::numeric`;
  // A value that is bound must be used: each test binds what it needs.
  const equal = (): string => {
    const margin = `${values.add(half)}::numeric`;
    return `(${row}.low >= ${number} - ${margin} AND ${row}.high <= ${number} + ${margin})`;
  };
  const tests: Record<QuantityTest["prefix"], () => string> = {
    eq: equal,
    ne: () => `NOT ${equal()}`,
    gt: () => `${row}.high > ${number}`,
    lt: () => `${row}.low < ${number}`,
    ge: () => `(${row}.high > ${number} OR ${equal()})`,
    le: () => `(${row}.low < ${number} OR ${equal()})`,
    sa: () => `${row}.low > ${number}`,
    eb: () => `${row}.high < ${number}`,
    // A tenth, as FHIR recommends.
    ap: () => `(${row}.low <= ${number} + abs(${number}) / 10 AND ${row}.high >= ${number} - abs(${number}) / 10)`,
  };
  const unit = [...(system === undefined ? [] : [`${row}.system = ${values.add(system)}`])];
  if (code !== undefined) {
    const place = values.add(code);
    unit.push(`(${row}.code = ${place} OR ${row}.unit = ${place})`);
  }
  return `(${[tests[prefix](), ...unit].join(" AND ")})`;
}

/** FHIR's comparison of ranges: http://hl7.org/fhir/R4/search.html#prefix */
function dateTest(values: Values, prefix: DatePrefix, low: string, high: string, range: { low: string; high: string }): string {
  const from = (): string => `${values.add(range.low)}::timestamptz`;
  // The searched range ends with its last millisecond; what is stored may have microseconds.
  const to = (): string => `(${values.add(range.high)}::timestamptz + interval '999 microseconds')`;
  switch (prefix) {
    case "eq":
      return `(${low} >= ${from()} AND ${high} <= ${to()})`;
    case "ne":
      return `(${low} < ${from()} OR ${high} > ${to()})`;
    case "gt":
      return `${high} > ${to()}`;
    case "lt":
      return `${low} < ${from()}`;
    case "ge":
      return `(${high} > ${to()} OR (${low} >= ${from()} AND ${high} <= ${to()}))`;
    case "le":
      return `(${low} < ${from()} OR (${low} >= ${from()} AND ${high} <= ${to()}))`;
    case "sa":
      return `${low} > ${to()}`;
    case "eb":
      return `${high} < ${from()}`;
    case "ap":
      return `(${low} <= ${to()} AND ${high} >= ${from()})`;
  }
}
