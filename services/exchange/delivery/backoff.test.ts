import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { backoffMs } from "./backoff.ts";

describe("backoff", () => {
  it("doubles from one second to five minutes", () => {
    expect([1, 2, 3, 4, 9, 10, 100].map((failures) => backoffMs(failures, () => 1))).toEqual([
      1000, 2000, 4000, 8000, 256_000, 300_000, 300_000,
    ]);
  });

  it("has jitter, and stays within its bounds", () => {
    fc.assert(
      fc.property(fc.nat(10_000), fc.double({ min: 0, max: 1, noNaN: true }), (failures, random) => {
        const ms = backoffMs(failures, () => random);
        return ms >= 500 && ms <= 300_000;
      }),
    );
    expect(backoffMs(3, () => 0)).toBe(2000);
  });
});
