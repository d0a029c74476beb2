import fc from "fast-check";
import { expect, it } from "vitest";
import type { Json } from "../json.ts";
import { changesBetween } from "./changes.ts";

it("names each place that differs", () => {
  const before = { metadata: { labels: { a: "1", b: "2" } }, spec: { ports: [{ port: 80 }, { port: 81 }], type: "X" } };
  const after = { metadata: { labels: { a: "1", c: "3" } }, spec: { ports: [{ port: 80 }], type: "Y" } };
  expect(changesBetween(before, after)).toEqual([
    { path: ["metadata", "labels", "b"], kind: "delete" },
    { path: ["metadata", "labels", "c"], kind: "add" },
    { path: ["spec", "ports", 1], kind: "delete" },
    { path: ["spec", "type"], kind: "update" },
  ]);
});

it("counts null as absent", () => {
  expect(changesBetween({ a: null, b: { c: null } }, {})).toEqual([]);
  expect(changesBetween({ a: { b: "1" } }, { a: { b: null } })).toEqual([{ path: ["a", "b"], kind: "delete" }]);
});

it("sees a change of type as an update", () => {
  expect(changesBetween({ a: "1" }, { a: ["1"] })).toEqual([{ path: ["a"], kind: "update" }]);
});

it("finds nothing between equals and something between others", () => {
  const noNulls = fc.jsonValue().filter((value) => !JSON.stringify(value).includes("null"));
  fc.assert(fc.property(noNulls, (value) => changesBetween(value as Json, structuredClone(value) as Json).length === 0));
  fc.assert(
    fc.property(noNulls, noNulls, (a, b) => {
      const isSame = JSON.stringify(a) === JSON.stringify(b);
      if (!isSame && changesBetween(a as Json, b as Json).length === 0) expect(sorted(a)).toEqual(sorted(b));
    }),
  );
});

function sorted(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
