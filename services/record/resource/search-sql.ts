import type { Condition, DatePrefix, SearchRequest } from "../../lib/fhir/parse-search.ts";
import { patientParameter } from "../catalogue.ts";

/** Collects values and names their places: user input never becomes part of the text. */
class Values {
  readonly list: unknown[] = [];

  add(value: unknown): string {
    this.list.push(value);
    return `$${this.list.length}`;
  }
}

export interface SqlText {
  text: string;
  values: unknown[];
}

/** One page, one row longer than asked for, so that the caller sees whether there is a next one; see `boundedPage`. */
export function searchStatement(type: string, request: SearchRequest, patientId: string | undefined): SqlText {
  const values = new Values();
  const where = conditions(values, type, request.conditions, patientId);
  const direction = request.sort.descending ? "DESC" : "ASC";
  const sort = sortExpression(values, request);
  if (request.cursor) {
    const comparison = request.sort.descending ? "<" : ">";
    const key = values.add(request.cursor.key);
    where.push(
      sort
        ? `(${sort}, r.key) ${comparison} (${values.add(request.cursor.value ?? "infinity")}::timestamptz, ${key}::bigint)`
        : `r.key ${comparison} ${key}::bigint`,
    );
  }
  // An instant as text that reads back to the microsecond, infinities included.
  const sortText = sort
    ? `CASE WHEN isfinite(${sort}) THEN to_char(${sort} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') ELSE (${sort})::text END`
    : "NULL";
  const order = `${sort ? `${sort} ${direction}, ` : ""}r.key ${direction}`;
  const page = `SELECT v.type, v.id, v.version, v.last_updated, v.method, v.deleted, v.patient_ids, v.content, r.key, ${sortText} AS sort_value,
        row_number() OVER (ORDER BY ${order}) AS place
      FROM resource r JOIN resource_version v USING (type, id, version)
      WHERE ${where.join(" AND ")} ORDER BY ${order} LIMIT ${values.add(request.count + 1)}`;
  return { text: boundedPage(page), values: values.list };
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

export function totalStatement(type: string, request: SearchRequest, patientId: string | undefined): SqlText {
  const values = new Values();
  return {
    text: `SELECT count(*) AS total FROM resource r WHERE ${conditions(values, type, request.conditions, patientId).join(" AND ")}`,
    values: values.list,
  };
}

/** Resources without the date come last, whichever the direction. */
function sortExpression(values: Values, { sort }: SearchRequest): string | undefined {
  if (sort.by === "none") {
    return undefined;
  }
  if (sort.by === "_lastUpdated") {
    return "r.last_updated";
  }
  const aggregate = sort.descending ? "max" : "min";
  const missing = sort.descending ? "-infinity" : "infinity";
  return `coalesce((SELECT ${aggregate}(o.low) FROM search_date o WHERE o.resource_key = r.key AND o.parameter = ${values.add(sort.by)}), '${missing}'::timestamptz)`;
}

function conditions(values: Values, type: string, list: readonly Condition[], patientId: string | undefined): string[] {
  const where = [`r.type = ${values.add(type)}`, "NOT r.deleted"];
  if (patientId !== undefined) {
    where.push(exists(values, type, "token", patientParameter, `i.code = ${values.add(patientId)}`));
  }
  return [...where, ...list.map((condition) => conditionSql(values, type, condition))];
}

/** A subquery by key lets the planner start from whichever condition is the narrowest. */
function exists(values: Values, type: string, table: "token" | "string" | "date", parameter: string, test: string): string {
  return `r.key IN (SELECT i.resource_key FROM search_${table} i WHERE i.type = ${values.add(type)} AND i.parameter = ${values.add(parameter)} AND (${test}))`;
}

function conditionSql(values: Values, type: string, condition: Condition): string {
  switch (condition.kind) {
    case "id":
      return `r.id = ANY (${values.add(condition.ids)}::text[])`;
    case "lastUpdated":
      return any(condition.alternatives.map((each) => dateTest(values, each.prefix, "r.last_updated", "r.last_updated", each)));
    case "date":
      return exists(
        values,
        type,
        "date",
        condition.parameter,
        any(condition.alternatives.map((each) => dateTest(values, each.prefix, "i.low", "i.high", each))),
      );
    case "string":
      return exists(
        values,
        type,
        "string",
        condition.parameter,
        any(condition.alternatives.map((text) => stringTest(values, condition.match, text))),
      );
    case "token": {
      const test = exists(values, type, "token", condition.parameter, any(condition.alternatives.map((each) => tokenTest(values, each))));
      return condition.negated ? `NOT (${test})` : test;
    }
    case "missing": {
      const test = exists(values, type, condition.table, condition.parameter, "true");
      return condition.missing ? `NOT (${test})` : test;
    }
  }
}

function any(tests: string[]): string {
  return `(${tests.join(" OR ")})`;
}

function tokenTest(values: Values, token: { system?: string; code?: string }): string {
  const tests = [
    ...(token.code === undefined ? [] : [`i.code = ${values.add(token.code)}`]),
    ...(token.system === undefined ? [] : [`i.system = ${values.add(token.system)}`]),
  ];
  return `(${tests.join(" AND ")})`;
}

function stringTest(values: Values, match: "prefix" | "exact" | "contains", text: string): string {
  if (match === "exact") {
    return `i.exact = ${values.add(text)}`;
  }
  const escaped = text.replace(/[\\%_]/g, "\\$&");
  return `i.value LIKE ${values.add(match === "prefix" ? `${escaped}%` : `%${escaped}%`)}`;
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
  }
}
