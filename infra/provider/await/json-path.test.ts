import { expect, it } from "vitest";
import { evaluateJsonPath, parseJsonPath } from "./json-path.ts";

const root = {
  status: {
    phase: "Running",
    conditions: [
      { type: "Ready", status: "True" },
      { type: "Other", status: "False" },
    ],
    "a.b/c": 1,
  },
  items: [1, 2, 3],
};

it.each<[string, unknown[]]>([
  ["{.status.phase}", ["Running"]],
  ["{$.status.phase}", ["Running"]],
  ["{.status.conditions[0].type}", ["Ready"]],
  ["{.status.conditions[*].status}", ["True", "False"]],
  ['{.status.conditions[?(@.type=="Ready")].status}', ["True"]],
  ["{.status.conditions[?(@.type!='Ready')].status}", ["False"]],
  ["{.status['a.b/c']}", [1]],
  ["{.status.a\\.b/c}", [1]],
  ["{.items[-1]}", [3]],
  ["{.items[-2]}", [2]],
  ["{.items[5]}", []],
  ["{.nothing.here}", []],
])("%s", (path, expected) => {
  expect(evaluateJsonPath(parseJsonPath(path), root)).toEqual(expected);
});

it("refuses what it cannot read", () => {
  expect(() => parseJsonPath("{.a[b]}")).toThrow(/cannot read the JSONPath/);
});
