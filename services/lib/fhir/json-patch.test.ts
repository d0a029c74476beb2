import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FhirError } from "../operation-outcome.ts";
import { parseDocument, parseExactly } from "./exact-json.ts";
import { applyJsonPatch, parseJsonPatch, patchLimits } from "./json-patch.ts";

const patched = (document: unknown, patch: unknown): unknown => applyJsonPatch(document, parseJsonPatch(patch));

/** The status and the place of the operation at fault. */
function refusal(document: unknown, patch: unknown): [number, string | undefined] {
  try {
    patched(document, patch);
  } catch (error) {
    if (error instanceof FhirError) return [error.status, error.outcome.issue[0]?.expression?.[0]];
    throw error;
  }
  return [200, undefined];
}

describe("the examples of RFC 6902, appendix A", () => {
  it.each<[string, unknown, unknown[], unknown]>([
    ["A.1 adds a member", { foo: "bar" }, [{ op: "add", path: "/baz", value: "qux" }], { foo: "bar", baz: "qux" }],
    ["A.2 adds to a list", { foo: ["bar", "baz"] }, [{ op: "add", path: "/foo/1", value: "qux" }], { foo: ["bar", "qux", "baz"] }],
    ["A.3 removes a member", { baz: "qux", foo: "bar" }, [{ op: "remove", path: "/baz" }], { foo: "bar" }],
    ["A.4 removes from a list", { foo: ["bar", "qux", "baz"] }, [{ op: "remove", path: "/foo/1" }], { foo: ["bar", "baz"] }],
    ["A.5 replaces", { baz: "qux", foo: "bar" }, [{ op: "replace", path: "/baz", value: "boo" }], { baz: "boo", foo: "bar" }],
    [
      "A.6 moves a member",
      { foo: { bar: "baz", waldo: "fred" }, qux: { corge: "grault" } },
      [{ op: "move", from: "/foo/waldo", path: "/qux/thud" }],
      { foo: { bar: "baz" }, qux: { corge: "grault", thud: "fred" } },
    ],
    [
      "A.7 moves within a list",
      { foo: ["all", "grass", "cows", "eat"] },
      [{ op: "move", from: "/foo/1", path: "/foo/3" }],
      { foo: ["all", "cows", "eat", "grass"] },
    ],
    [
      "A.8 tests",
      { baz: "qux", foo: ["a", 2, "c"] },
      [
        { op: "test", path: "/baz", value: "qux" },
        { op: "test", path: "/foo/1", value: 2 },
      ],
      { baz: "qux", foo: ["a", 2, "c"] },
    ],
    [
      "A.10 adds a nested member",
      { foo: "bar" },
      [{ op: "add", path: "/child", value: { grandchild: {} } }],
      { foo: "bar", child: { grandchild: {} } },
    ],
    [
      "A.11 ignores what it does not know",
      { foo: "bar" },
      [{ op: "add", path: "/baz", value: "qux", xyz: 123 }],
      { foo: "bar", baz: "qux" },
    ],
    ["A.14 unescapes in order", { "/": 9, "~1": 10 }, [{ op: "test", path: "/~01", value: 10 }], { "/": 9, "~1": 10 }],
    [
      "A.16 adds a list to a list",
      { foo: ["bar"] },
      [{ op: "add", path: "/foo/-", value: ["abc", "def"] }],
      { foo: ["bar", ["abc", "def"]] },
    ],
  ])("%s", (_title, document, patch, expected) => {
    expect(patched(document, patch)).toEqual(expected);
  });

  it.each<[string, unknown, unknown, number]>([
    ["A.9 a test that fails", { baz: "qux" }, [{ op: "test", path: "/baz", value: "bar" }], 422],
    ["A.12 a target whose parent is not there", { foo: "bar" }, [{ op: "add", path: "/baz/bat", value: "qux" }], 400],
    [
      "A.13 an operation with two names",
      { foo: "bar" },
      JSON.parse('[{"op":"add","path":"/baz","value":"qux","op":"remove"}]') as unknown,
      400,
    ],
    ["a test of what is not there", { foo: "bar" }, [{ op: "test", path: "/baz", value: "bar" }], 422],
    ["A.15 a string for a number", { "/": 9, "~1": 10 }, [{ op: "test", path: "/~01", value: "10" }], 422],
  ])("%s is refused", (_title, document, patch, status) => {
    expect(refusal(document, patch)).toEqual([status, "operation[0]"]);
  });
});

describe("parseJsonPatch", () => {
  it.each<[string, unknown, string | undefined]>([
    ["no list", { op: "add" }, undefined],
    ["too many operations", Array(patchLimits.operationsMax + 1).fill({ op: "remove", path: "/a" }), undefined],
    ["an operation that is no object", [null], "operation[0]"],
    ["an operation that is a list", [[]], "operation[0]"],
    [
      "an unknown operation",
      [
        { op: "remove", path: "/a" },
        { op: "delete", path: "/a" },
      ],
      "operation[1]",
    ],
    ["an inherited member", [Object.create({ op: "remove", path: "/a" })], "operation[0]"],
    ["no path", [{ op: "remove" }], "operation[0]"],
    ["a path that is no pointer", [{ op: "remove", path: "a" }], "operation[0]"],
    ["a wrong escape", [{ op: "remove", path: "/a~2" }], "operation[0]"],
    ["a path to the prototype", [{ op: "add", path: "/__proto__/polluted", value: 1 }], "operation[0]"],
    ["a path without end", [{ op: "remove", path: "/a".repeat(65) }], "operation[0]"],
    ["no from", [{ op: "move", path: "/a" }], "operation[0]"],
    ["no value", [{ op: "add", path: "/a" }], "operation[0]"],
  ])("refuses %s", (_title, patch, place) => {
    expect(refusal({ a: 1 }, patch)).toEqual([400, place]);
  });

  it("takes null for a value, and for what is there", () => {
    expect(
      patched({ a: null }, [
        { op: "test", path: "/a", value: null },
        { op: "remove", path: "/a" },
        { op: "add", path: "/b", value: null },
      ]),
    ).toEqual({
      b: null,
    });
  });
});

describe("applyJsonPatch", () => {
  it.each<[string, unknown]>([
    ["a member that is not there", [{ op: "remove", path: "/nothing" }]],
    ["to replace what is not there", [{ op: "replace", path: "/nothing", value: 1 }]],
    ["an index past the end", [{ op: "add", path: "/list/4", value: 1 }]],
    ["an index with a leading zero", [{ op: "add", path: "/list/01", value: 1 }]],
    ["the place behind the last, where nothing is", [{ op: "replace", path: "/list/-", value: 1 }]],
    ["a member of a text", [{ op: "add", path: "/text/length", value: 1 }]],
    ["an inherited member", [{ op: "copy", from: "/constructor", path: "/a" }]],
    ["the removal of everything", [{ op: "remove", path: "" }]],
    ["a move into itself", [{ op: "move", from: "/object", path: "/object/inner" }]],
  ])("refuses %s", (_title, patch) => {
    expect(refusal({ list: [1, 2, 3], text: "t", object: { a: 1 } }, patch)).toEqual([400, "operation[0]"]);
  });

  it("replaces the whole document, and moves a value to where it is", () => {
    expect(
      patched({ a: 1 }, [
        { op: "replace", path: "", value: { b: 2 } },
        { op: "move", from: "/b", path: "/b" },
      ]),
    ).toEqual({ b: 2 });
  });

  it("names the operation at fault, and has done nothing", () => {
    const document = { a: [1] };
    expect(
      refusal(document, [
        { op: "add", path: "/a/-", value: 2 },
        { op: "remove", path: "/b" },
      ]),
    ).toEqual([400, "operation[1]"]);
    expect(document).toEqual({ a: [1] });
  });

  it("keeps numbers as they were written, on both sides", () => {
    const document = parseExactly('{"value":1.50,"old":0.10}');
    const patch = parseDocument(
      '[{"op":"add","path":"/new","value":2.00},{"op":"copy","from":"/value","path":"/same"},{"op":"remove","path":"/old"}]',
    ).exact;
    expect(JSON.stringify(patched(document, patch))).toBe('{"value":1.50,"new":2.00,"same":1.50}');
  });

  it.each([
    ["1.50", "1.5", true],
    ["1.50", "15e-1", true],
    ["100", "1E+2", true],
    ["0.00", "-0", true],
    ["0.1234567890123456789", "0.12345678901234567890", true],
    ["0.1234567890123456789", "0.1234567890123456788", false],
    ["1.50", "-1.50", false],
    ["1", "10", false],
  ])("takes %s and %s for the same number: %s", (left, right, same) => {
    const document = parseExactly(`{"a":${left}}`);
    const patch = parseExactly(`[{"op":"test","path":"/a","value":${right}}]`);
    expect(refusal(document, patch)[0]).toBe(same ? 200 : 422);
  });

  it("does not let copies of copies grow, nor nesting", () => {
    const copies = Array.from({ length: 60 }, () => ({ op: "copy", from: "/a", path: "/a/-" }));
    expect(refusal({ a: ["x".repeat(1000)] }, copies)[0]).toBe(400);
    const nested = Array.from({ length: 80 }, () => ({ op: "move", from: "/a", path: "/b" })).flatMap((move) => [
      move,
      { op: "add", path: "/a", value: {} },
      { op: "move", from: "/b", path: "/a/c" },
    ]);
    expect(refusal({ a: {} }, nested)[0]).toBe(400);
  });

  it("bounds its work", () => {
    const wide = Object.fromEntries(Array.from({ length: 2000 }, (_, number) => [`k${number}`, 1]));
    const patch = Array.from({ length: 300 }, () => ({ op: "replace", path: "/wide/k1", value: 2 }));
    expect(refusal({ wide }, patch)[0]).toBe(400);
  });
});

describe("any document and any patch", () => {
  const document = fc.dictionary(fc.constantFrom("a", "b", "c"), fc.jsonValue());
  const path = fc
    .array(fc.constantFrom("a", "b", "c", "0", "1", "-", "__proto__", "constructor", "prototype", "~1"))
    .map((parts) => parts.map((part) => `/${part}`).join(""));
  const operation = fc.record(
    { op: fc.constantFrom("add", "remove", "replace", "move", "copy", "test"), path, from: path, value: fc.jsonValue() },
    { requiredKeys: ["op", "path"] },
  );

  it("gives a document or a refusal, changes nothing in place, and no prototype", () => {
    fc.assert(
      fc.property(document, fc.oneof(fc.array(operation), fc.jsonValue()), (given, patch) => {
        const before = JSON.stringify(given);
        const [status] = refusal(given, patch);
        expect([200, 400, 422]).toContain(status);
        expect(JSON.stringify(given)).toBe(before);
        expect(Object.keys(Object.prototype)).toEqual([]);
      }),
    );
  });

  it("finds what it added, and is undone by removing it", () => {
    fc.assert(
      fc.property(document, fc.jsonValue(), fc.constantFrom("/new", "/list/0", "/list/1", "/list/-"), (given, value, where) => {
        const start = { ...given, list: [1] };
        const place = where === "/list/-" ? "/list/1" : where;
        const patch = [
          { op: "add", path: where, value },
          { op: "test", path: place, value },
          { op: "remove", path: place },
        ];
        expect(patched(start, patch)).toEqual(start);
      }),
    );
  });

  it("moves as a removal and an addition do", () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue(), { minLength: 1 }), fc.nat(), fc.nat(), (list, from, to) => {
        const [source, target] = [from % list.length, to % list.length];
        const moved = patched({ list }, [{ op: "move", from: `/list/${source}`, path: `/list/${target}` }]);
        const both = [
          { op: "remove", path: `/list/${source}` },
          { op: "add", path: `/list/${target}`, value: list[source] },
        ];
        expect(moved).toEqual(patched({ list }, both));
      }),
    );
  });
});
