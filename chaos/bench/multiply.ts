/**
 * Many patients out of a block of them: what the service itself wrote for the block, its search indexes included, is kept aside and copied in
 * the database under other ids. Each row is copied once for every new block, so that what belongs to one patient lies scattered over the
 * tables, as it does in records that grew over years.
 */
import { blockPrefix } from "./synthetic-record.ts";

export interface Column {
  table: string;
  column: string;
  /** As information_schema names it: `text`, `ARRAY`, `bigint`, … */
  type: string;
  isIdentity: boolean;
}

const schema = "record";
/** Holds the block as it was written. */
const kept = "bench";
/** About the writing itself and not about what was written. */
const leftOut = /^(audit_|idempotency_|schema_migration$)/;
const texts = new Set(["text", "character varying", "json", "jsonb", "ARRAY"]);

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Rows `table|column|type|YES or NO`. */
export const columnsQuery = `SELECT c.table_name, c.column_name, c.data_type, c.is_identity
  FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
  WHERE c.table_schema = '${schema}' AND t.table_type = 'BASE TABLE' AND c.is_generated = 'NEVER'
  ORDER BY c.table_name, c.ordinal_position;`;

export function readColumns(rows: string): Column[] {
  const all = rows.split("\n").filter((row) => row !== "");
  const columns = all.map((row) => {
    const [table = "", column = "", type = "", identity = ""] = row.split("|");
    return { table, column, type, isIdentity: identity === "YES" };
  });
  return columns.filter(({ table }) => !leftOut.test(table));
}

function byTable(columns: readonly Column[]): Map<string, Column[]> {
  return Map.groupBy(columns, ({ table }) => table);
}

/** Keeps the block aside, while it is all there is. */
export function keepStatements(columns: readonly Column[]): string {
  const tables = [...byTable(columns).keys()].map((table) => `CREATE TABLE ${kept}.${quoted(table)} AS TABLE ${schema}.${quoted(table)};`);
  return [`CREATE SCHEMA ${kept};`, ...tables].join("\n");
}

/** Resources' keys of a block follow those of the block before. */
const keyStep = `(SELECT max(key) FROM ${kept}.resource)`;

/** The column's value in block `b.n`; undefined for a number that the table gives out itself. */
function valueIn({ table, column, type, isIdentity }: Column): string | undefined {
  const own = `t.${quoted(column)}`;
  if ((isIdentity && table === "resource") || column === "resource_key") return `${own} + b.n * b.step`;
  if (isIdentity) return undefined;
  if (!texts.has(type)) return own;
  const copied = `replace(${own}::text, ${literal(blockPrefix(0))}, b.prefix)`;
  // A list of texts is written with the same text in it; bytes, numbers and times have no such text.
  return type === "text" || type === "character varying" ? copied : `(${copied})::${type === "ARRAY" ? "text[]" : type}`;
}

/**
 * The other rows of the block go along by `OFFSET 0` and the reference to `t`: without them the planner might take one whole block after
 * another.
 */
function copyStatement(table: string, columns: readonly Column[], from: number, to: number): string {
  const values = columns.flatMap((column) => {
    const value = valueIn(column);
    return value === undefined ? [] : [{ name: quoted(column.column), value }];
  });
  const digits = blockPrefix(0).replace(/\D/g, "").length;
  const [before = "", after = ""] = blockPrefix(0).split("0".repeat(digits));
  const prefix = `${literal(before)} || lpad(n::text, ${digits}, '0') || ${literal(after)}`;
  return `INSERT INTO ${schema}.${quoted(table)} (${values.map(({ name }) => name).join(", ")}) OVERRIDING SYSTEM VALUE
    SELECT ${values.map(({ value }) => value).join(", ")} FROM ${kept}.${quoted(table)} t
    CROSS JOIN LATERAL (SELECT t.tableoid, n, ${prefix} AS prefix, ${keyStep} AS step FROM generate_series(${from}, ${to}) AS n OFFSET 0) b;`;
}

/** Copies the block to the blocks `from` to `to`, both included, in one transaction. */
export function copyStatements(columns: readonly Column[], from: number, to: number): string {
  const copies = [...byTable(columns)].map(([table, own]) => copyStatement(table, own, from, to));
  const sequence = `SELECT setval(pg_get_serial_sequence('${schema}.resource', 'key'), max(key)) FROM ${schema}.resource;`;
  return ["BEGIN;", ...copies, sequence, "COMMIT;"].join("\n");
}

/** Rows `name|definition` of the indexes that can be built after the rows are there, which takes far less time than keeping them up. */
export const indexesQuery = `SELECT i.indexname, i.indexdef FROM pg_indexes i WHERE i.schemaname = '${schema}'
  AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conname = i.indexname AND c.connamespace = '${schema}'::regnamespace)
  AND i.indexdef NOT LIKE 'CREATE UNIQUE %' AND i.tablename !~ '${leftOut.source}' ORDER BY i.indexname;`;

export function readIndexes(rows: string): { name: string; definition: string }[] {
  return rows
    .split("\n")
    .filter((row) => row !== "")
    .map((row) => ({ name: row.slice(0, row.indexOf("|")), definition: row.slice(row.indexOf("|") + 1) }));
}

/** All that it takes to grow by some blocks. */
export function growStatements(
  columns: readonly Column[],
  indexes: readonly { name: string; definition: string }[],
  blocks: { from: number; to: number },
): string {
  return [
    "SET maintenance_work_mem = '512MB';",
    ...indexes.map(({ name }) => `DROP INDEX ${schema}.${quoted(name)};`),
    copyStatements(columns, blocks.from, blocks.to),
    ...indexes.map(({ definition }) => `${definition};`),
    "VACUUM (ANALYZE);",
    "CHECKPOINT;",
  ].join("\n");
}
