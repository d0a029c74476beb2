import { expect, it } from "vitest";
import { autoname, generatedName, isAutonamed, withAutoname } from "./autonaming.ts";

const randomSeed = new Uint8Array([1, 2, 3]);

it("makes the same name of the same seed", () => {
  const name = autoname({ resourceName: "web", randomSeed });
  expect(name).toMatch(/^web-[0-9a-f]{7}$/);
  expect(autoname({ resourceName: "web", randomSeed })).toBe(name);
  expect(autoname({ resourceName: "web", randomSeed: new Uint8Array([4]) })).not.toBe(name);
  expect(autoname({ resourceName: "x".repeat(300), randomSeed })).toHaveLength(253);
});

it("follows the user's autonaming setting", () => {
  expect(autoname({ resourceName: "web", randomSeed, configured: { proposedName: "web-stack", mode: "enforce" } })).toBe("web-stack");
  expect(() => autoname({ resourceName: "web", randomSeed, configured: { proposedName: "", mode: "disable" } })).toThrow(/switched off/);
});

it("marks an object it named", () => {
  const named = withAutoname({ metadata: { annotations: { a: "b" } } }, "web-1");
  expect(named).toEqual({ metadata: { name: "web-1", annotations: { a: "b", "pulumi.com/autonamed": "true" } } });
  expect(isAutonamed(named)).toBe(true);
  expect(generatedName("job-", randomSeed)).toMatch(/^job-[0-9a-f]{5}$/);
});
