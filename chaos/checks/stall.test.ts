import { describe, expect, it } from "vitest";
import { stall } from "./stall.ts";
import { fault, input, made } from "./testing/made-history.ts";

const quick = [made(0, "create"), made(1, "read")];

describe("stall", () => {
  it("is the longest wait since the fault, from when a request was due, writes and reads apart", () => {
    const slowWrite = made(20, "update", { dueMs: 3_000, startMs: 3_400, endMs: 3_900 });
    const slowRead = made(21, "read", { dueMs: 3_050, endMs: 3_350 });
    const result = stall.judge(input([...quick, slowWrite, slowRead], { faults: [fault(3_000, 3_000)] }));
    expect(result).toEqual({
      verdict: "valid",
      figures: { stallMs: 900, writeStallMs: 900, freshReadStallMs: 0, readStallMs: 300, rtoMs: 0, barMs: 1_000, goalMs: 200 },
      findings: [],
    });
  });

  it("is invalid above the bar, and counts a failed request with all it waited", () => {
    const failed = made(20, "update", { dueMs: 3_100, outcome: "failed", status: 503, endMs: 23_100 });
    const result = stall.judge(input([...quick, failed], { faults: [fault(3_000, 5_000)] }));
    expect(result).toMatchObject({ verdict: "invalid", figures: { stallMs: 20_000, rtoMs: 20_100 } });
    expect(result.findings).toEqual(["the longest stall was 20000 ms (update 20, due 0.1 s after node-kill), the bar is 1000 ms"]);
  });

  it("sees a request that was under way when the fault came, not one that had ended", () => {
    const before = made(0, "create", { dueMs: 1_000, endMs: 2_900 });
    const across = made(5, "create", { dueMs: 2_500, endMs: 4_000 });
    const faults = [fault(3_000, 3_000)];
    expect(stall.judge(input([before, made(9, "read", { dueMs: 3_500 })], { faults })).figures.stallMs).toBe(20);
    expect(stall.judge(input([before, across], { faults })).findings[0]).toContain("due 0.5 s before node-kill");
  });

  it("leaves out what was due after the end, and knows nothing where nobody asked", () => {
    const late = made(5, "create", { dueMs: 200_000, endMs: 219_000 });
    expect(stall.judge(input([...quick, late], { faults: [fault(50_000, 50_000)] })).verdict).toBe("unknown");
    expect(stall.judge(input([])).verdict).toBe("unknown");
  });

  it("tells the recovery of the slowest of several faults", () => {
    const first = made(20, "update", { dueMs: 3_000, endMs: 5_000 });
    const second = made(80, "update", { dueMs: 9_000, endMs: 15_000 });
    const faults = [fault(8_000, 8_000), fault(3_000, 3_000)];
    expect(stall.judge(input([first, second], { faults })).figures.rtoMs).toBe(7_000);
  });
});
