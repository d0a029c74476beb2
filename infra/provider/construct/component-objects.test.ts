import { expect, it } from "vitest";
import { mergeValues, objectSources } from "./component-objects.ts";

it("lays values over values as Helm does", () => {
  const lower = { image: { tag: "1", name: "x" }, list: [1, 2], kept: true };
  expect(mergeValues(lower, { image: { tag: "2" }, list: [3], gone: null })).toEqual({
    image: { tag: "2", name: "x" },
    list: [3],
    kept: true,
    gone: null,
  });
});

it("serves the components of the SDK that live in the plugin", () => {
  expect(Object.keys(objectSources)).toEqual([
    "kubernetes:helm.sh/v4:Chart",
    "kubernetes:yaml/v2:ConfigFile",
    "kubernetes:yaml/v2:ConfigGroup",
  ]);
});
