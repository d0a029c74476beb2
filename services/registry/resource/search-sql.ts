import type { Statement } from "../../lib/database/database.ts";
import type { Condition, Search } from "./parse-search.ts";
import type { KeyTest } from "./search-parameters.ts";

/** Collects the values that the text refers to by number. */
class Values {
  readonly list: unknown[] = [];

  add(value: unknown): string {
    this.list.push(value);
    return `$${this.list.length}`;
  }
}

/** The statement of a search, one row more than a page. Values are bound; of the text only the shape comes from the request. */
export function searchStatement(search: Search): { statement: Statement; values: unknown[] } {
  const values = new Values();
  const type = values.add(search.type);
  const where = [`r.type = ${type}`, ...search.conditions.map((condition) => conditionSql(condition, search.type, "r", values))];
  const byId = search.conditions.some(({ kind }) => kind === "id");
  if (search.active !== undefined) where.push(`r.active = ${values.add(search.active)}`);
  // A merged patient is not another person: who looks for people finds the survivor.
  if (search.active !== false && !byId) where.push("r.merged_into IS NULL");
  const { by, descending } = search.sort;
  const column = by === "name" ? "r.sort_name" : "r.last_updated";
  const order = descending ? "DESC" : "ASC";
  if (search.cursor) {
    const cast = by === "name" ? "text" : "timestamptz";
    where.push(
      `(${column}, r.id) ${descending ? "<" : ">"} (${values.add(search.cursor.value)}::${cast}, ${values.add(search.cursor.id)})`,
    );
  }
  const text = `SELECT v.type, v.id, v.version, v.last_updated, v.method, v.content, r.merged_into, r.sort_name
    FROM resource r JOIN resource_version v ON v.type = r.type AND v.id = r.id AND v.version = r.version
    WHERE ${where.join(" AND ")} ORDER BY ${column} ${order}, r.id ${order} LIMIT ${values.add(search.count + 1)}`;
  return { statement: { text }, values: values.list };
}

function conditionSql(condition: Condition, type: string, row: string, values: Values): string {
  switch (condition.kind) {
    case "id":
      return `${row}.id = ANY (${values.add(condition.ids)}::text[])`;
    case "gender":
      return `${row}.gender = ANY (${values.add(condition.genders)}::text[])`;
    case "keys":
      return `${row}.id IN (${condition.tests.map((test) => testSql(test, type, values)).join(" UNION ALL ") || "SELECT NULL"})`;
    case "either":
      // One list of ids rather than two that are joined by OR: an index finds them.
      return `${row}.id IN (${condition.conditions.map((each) => allSql(each, type, values)).join(" UNION ALL ")})`;
    case "chain": {
      const { parameter, target } = condition;
      const inner = conditionSql(condition.condition, target, "t", values);
      return `${row}.id IN (SELECT f.id FROM search_key f JOIN resource t ON t.type = ${values.add(target)} AND t.id = f.value
        WHERE f.type = ${values.add(type)} AND f.parameter = ${values.add(parameter)} AND ${inner})`;
    }
  }
}

function allSql(conditions: readonly Condition[], type: string, values: Values): string {
  const inner = conditions.map((each) => ` AND ${conditionSql(each, type, "e", values)}`).join("");
  return `SELECT e.id FROM resource e WHERE e.type = ${values.add(type)}${inner}`;
}

function testSql(test: KeyTest, type: string, values: Values): string {
  const from = `SELECT k.id FROM search_key k WHERE k.type = ${values.add(type)} AND k.parameter = ${values.add(test.parameter)}`;
  return "equals" in test
    ? `${from} AND k.value = ANY (${values.add(test.equals)}::text[])`
    : `${from} AND k.value >= ${values.add(test.from)} AND k.value < ${values.add(test.below)}`;
}
