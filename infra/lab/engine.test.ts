import { expect, test } from "vitest";
import { missingCapabilities } from "./engine.ts";

test("a full bounding set lacks nothing", () => {
  expect(missingCapabilities("Name:\tsh\nCapBnd:\t000001ffffffffff\n", 40)).toEqual([]);
});

test("a bounding set without bit 24 lacks CAP_SYS_RESOURCE", () => {
  expect(missingCapabilities("CapBnd:\t000001fffeffffff\n", 40)).toEqual(["CAP_SYS_RESOURCE"]);
});

test("capabilities that the kernel does not know are not missing", () => {
  expect(missingCapabilities("CapBnd:\t0000003fffffffff\n", 37)).toEqual([]);
});
