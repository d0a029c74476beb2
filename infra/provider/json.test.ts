import { expect, it } from "vitest";
import { sameJson, valueAt, withoutNulls } from "./json.ts";

it("compares regardless of the order of keys, not of items", () => {
  expect(sameJson({ a: 1, b: [1, { c: null }] }, { b: [1, { c: null }], a: 1 })).toBe(true);
  expect(sameJson([1, 2], [2, 1])).toBe(false);
  expect(sameJson({ a: 1 }, { a: 1, b: 2 })).toBe(false);
  expect(sameJson({ a: "1" }, { a: 1 })).toBe(false);
});

it("drops members that are null, but no items", () => {
  expect(withoutNulls({ a: null, b: { c: null }, d: [null, { e: null }] })).toEqual({ b: {}, d: [null, {}] });
});

it("does not find what objects inherit", () => {
  expect(valueAt({}, ["constructor"])).toBeUndefined();
  expect(valueAt({ a: [1] }, ["a", "length"])).toBeUndefined();
});
