import { describe, expect, it } from "vitest";
import type { Operation } from "../history.ts";
import { createLiveView } from "./live-view.ts";

function operation(n: number, dueMs: number, endMs: number, outcome: Operation["outcome"] = "ok"): Operation {
  return { n, kind: "create", dueMs, startMs: dueMs, endMs, outcome, status: 200, attempts: 1 };
}

describe("the live view", () => {
  it("counts requests, failures and the stall that lasts", () => {
    const view = createLiveView();
    const operations: Operation[] = Array.from({ length: 50 }, (_, n) => operation(n, n * 100, n * 100 + 10));
    view.setOperations(operations);
    expect(view.figures(5_000)).toMatchObject({ requests: 50, failed: 0, requestsPerSecond: 10, longestMs: 0 });
    view.take({ atMs: 5_000, entry: "fault", fault: 0, name: "node-kill", event: "injecting", what: "node-1" });
    operations.push(operation(50, 5_100, 8_000, "failed"));
    const figures = view.figures(9_000);
    expect(figures).toMatchObject({ requests: 51, failed: 1, longestMs: 2_900, faults: ["node-kill: node-1"] });
    expect(figures.stallMs).toBe(9_000 - 4_910);
    view.take({ atMs: 9_100, entry: "fault", fault: 0, name: "node-kill", event: "healed" });
    expect(view.figures(9_200).faults).toEqual([]);
  });

  it("tells who moved from where", () => {
    const view = createLiveView();
    for (const [atMs, holder] of [
      [1, "pg-1"],
      [2, "pg-1"],
      [3, null],
      [4, "pg-2"],
    ] as const)
      view.take({ atMs, entry: "sighting", role: "postgres-primary", holder });
    expect(view.figures(5).holders["postgres-primary"]).toEqual({ holder: "pg-2", moves: ["pg-1", "nobody"] });
  });
});
