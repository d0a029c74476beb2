import { describe, expect, it } from "vitest";
import { parseTtlSeconds } from "./token.ts";

describe("parseTtlSeconds", () => {
  it.each([
    ["90", 90],
    ["90s", 90],
    ["15m", 900],
    ["8h", 28_800],
    ["7d", 604_800],
  ])("reads %s", (text, seconds) => {
    expect(parseTtlSeconds(text)).toBe(seconds);
  });

  it.each(["", "0", "-5m", "1y", "31d", "8 h", "1e3"])("refuses %j", (text) => {
    expect(() => parseTtlSeconds(text)).toThrow(/--ttl/);
  });
});
