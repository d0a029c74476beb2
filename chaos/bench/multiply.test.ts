import { describe, expect, it } from "vitest";
import { copyStatements, growStatements, keepStatements, readColumns, readIndexes } from "./multiply.ts";

const columns = readColumns(
  [
    "audit_event|content|text|NO",
    "idempotency_key|key|text|NO",
    "note|number|bigint|YES",
    "note|content|jsonb|NO",
    "resource|key|bigint|YES",
    "resource|id|text|NO",
    "resource|version|integer|NO",
    "resource|patient_ids|ARRAY|NO",
    "schema_migration|name|character varying|NO",
    "search_token|resource_key|bigint|NO",
    "search_token|code|text|NO",
    "",
  ].join("\n"),
);

describe("readColumns", () => {
  it("takes what was written, and not what is about the writing", () => {
    expect([...new Set(columns.map(({ table }) => table))]).toEqual(["note", "resource", "search_token"]);
  });
});

describe("copyStatements", () => {
  const text = copyStatements(columns, 10, 99);
  const statementOf = (table: string) => text.split("INSERT INTO ").find((part) => part.startsWith(`record."${table}"`)) ?? "";

  it("copies texts, lists and JSON under the block's own ids, and leaves the rest as it is", () => {
    expect(statementOf("resource")).toContain(`replace(t."id"::text, 'bench-0000-', b.prefix)`);
    expect(statementOf("resource")).toContain(`(replace(t."patient_ids"::text, 'bench-0000-', b.prefix))::text[]`);
    expect(statementOf("resource")).toContain(`, t."version",`);
    expect(statementOf("note")).toContain(`(replace(t."content"::text, 'bench-0000-', b.prefix))::jsonb`);
    expect(text).toContain("'bench-' || lpad(n::text, 4, '0') || '-' AS prefix");
  });

  it("moves resources' keys and whatever refers to them by the same step", () => {
    expect(statementOf("resource")).toContain(`t."key" + b.n * b.step`);
    expect(statementOf("search_token")).toContain(`t."resource_key" + b.n * b.step`);
  });

  it("lets a table give out its other numbers itself", () => {
    expect(statementOf("note")).toMatch(/^record\."note" \("content"\)/);
  });

  it("names the blocks, and is one transaction", () => {
    expect(text.match(/generate_series\(10, 99\)/g)).toHaveLength(3);
    expect(text).toMatch(/^BEGIN;[\s\S]*COMMIT;$/);
  });
});

describe("growStatements", () => {
  it("builds indexes after the rows are there", () => {
    const indexes = readIndexes("search_token_value|CREATE INDEX search_token_value ON record.search_token USING btree (type, code)\n");
    const text = growStatements(columns, indexes, { from: 1, to: 9 });
    const places = ["DROP INDEX", "INSERT INTO", "CREATE INDEX search_token_value", "VACUUM (ANALYZE)"].map((part) => text.indexOf(part));
    expect(places).toEqual(places.toSorted((left, right) => left - right));
    expect(Math.min(...places)).toBeGreaterThanOrEqual(0);
  });
});

describe("keepStatements", () => {
  it("keeps each table aside", () => {
    expect(keepStatements(columns)).toContain(`CREATE TABLE bench."search_token" AS TABLE record."search_token";`);
  });
});
