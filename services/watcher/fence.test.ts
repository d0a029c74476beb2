import { describe, expect, it } from "vitest";
import { fencesNeeded } from "./fence.ts";

describe("fencesNeeded", () => {
  it("leaves the primary too few standbys to commit with, and meets every set that ever acknowledged", () => {
    for (const [instances, synchronousStandbys, fences] of [
      [3, 1, 2],
      [5, 2, 3],
      [7, 3, 4],
    ] as const) {
      expect(fencesNeeded(instances, synchronousStandbys)).toBe(fences);
      expect(instances - 1 - fences).toBeLessThan(synchronousStandbys);
      expect(fences + synchronousStandbys).toBeGreaterThan(instances - 1);
    }
  });
});
