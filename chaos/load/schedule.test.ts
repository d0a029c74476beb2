import { describe, expect, it } from "vitest";
import type { Operation } from "../history.ts";
import { dueBy, missingOperations, type Schedule } from "./schedule.ts";

const schedule: Schedule = { runName: "run", ratePerSecond: 10, seconds: 2 };

function operation(n: number): Operation {
  const dueMs = 1_000 + n * 100;
  return { n, kind: "read", dueMs, startMs: dueMs, endMs: dueMs + 10, outcome: "ok", status: 200, attempts: 1 };
}

const skipped = (n: number) => ({ n, dueMs: 1_000 + n * 100, skipped: true as const });
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

function missing(done: readonly number[], left: readonly number[], stopMs: number): number[] {
  return missingOperations(schedule, { operations: done.map(operation), skipped: left.map(skipped) }, stopMs).map(({ n }) => n);
}

describe("the load against its schedule", () => {
  it("knows what was due by when, and not more than the load's whole time holds", () => {
    expect([500, 1_000, 1_099, 1_100, 9_000].map((momentMs) => dueBy(schedule, 1_000, momentMs))).toEqual([0, 1, 1, 2, 20]);
  });

  it("misses nothing when each operation was done, or skipped once it was told to stop", () => {
    expect(missing(range(0, 10), [10, 11, 12], 1_950)).toEqual([]);
    expect(missing(range(0, 10), [9, 11], 1_950)).toEqual([]);
  });

  it("adds what was never begun as failed, with its key, as having waited until its deadline", () => {
    expect(missing([0, 1, 2, 5, 6], [], 1_900)).toEqual([3, 4, 7, 8, 9]);
    const [third] = missingOperations(schedule, { operations: [0, 1, 2].map(operation), skipped: [] }, 1_300);
    expect(third).toMatchObject({ n: 3, kind: "create", key: "run-3", value: "run-3", outcome: "failed", dueMs: 1_300, endMs: 21_300 });
  });

  it("does not let a load that came too late hide it by skipping", () => {
    expect(missing([0, 1], range(2, 20), 2_500)).toEqual([2, 3, 4]);
  });

  it("says nothing of a load that never began", () => {
    expect(missing([], [], 9_000)).toEqual([]);
  });
});
