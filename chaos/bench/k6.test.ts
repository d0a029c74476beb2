import { describe, expect, it } from "vitest";
import { executorOf, readSummary } from "./k6.ts";

const duration = { type: "trend", contains: "time", values: { avg: 9.5, med: 8.25, "p(99)": 31.5, max: 60 } };

function printed(metrics: Record<string, unknown>): string {
  return JSON.stringify({ root_group: {}, state: { isStdOutTTY: false, testRunDurationMs: 4_000 }, metrics });
}

describe("readSummary", () => {
  it("reads percentiles, and counts good answers only as throughput", () => {
    const summary = printed({
      http_reqs: { values: { count: 1_000, rate: 250 } },
      http_req_failed: { values: { rate: 0.2, passes: 200, fails: 800 } },
      http_req_duration: duration,
      dropped_iterations: { values: { count: 3, rate: 0.75 } },
      answered_by_standby: { values: { count: 7, rate: 1.75 } },
    });
    expect(readSummary(`a warning before it\n${summary}`)).toEqual({
      ...{ requests: 1_000, failed: 200, dropped: 3, byStandby: 7, seconds: 4, perSecond: 200, p50Ms: 8.25, p99Ms: 31.5, maxMs: 60 },
    });
  });

  it("has no percentiles where nothing was asked", () => {
    expect(readSummary(printed({}))).toMatchObject({ requests: 0, perSecond: 0, p50Ms: null, p99Ms: null });
  });

  it.each(["", "k6 said something else", "{}"])("refuses %j", (text) => {
    expect(() => readSummary(text)).toThrow();
  });
});

describe("executorOf", () => {
  it("makes a closed loop of clients", () => {
    expect(executorOf({ kind: "closed", users: 16 }, 5)).toMatchObject({ executor: "constant-vus", vus: 16, duration: "5s" });
  });

  it("makes an open loop of a rate, also of less than one request a second", () => {
    expect(executorOf({ kind: "open", ratePerSecond: 0.7, users: 4 }, 5)).toMatchObject({
      ...{ executor: "constant-arrival-rate", rate: 7, timeUnit: "10s", preAllocatedVUs: 4 },
    });
  });

  it("never asks for fewer clients at most than at first", () => {
    for (const ratePerSecond of [1, 100, 10_000]) {
      const { preAllocatedVUs, maxVUs } = executorOf({ kind: "open", ratePerSecond, users: 16 }, 5);
      expect(preAllocatedVUs).toBeGreaterThanOrEqual(16);
      expect(maxVUs).toBeGreaterThanOrEqual(Number(preAllocatedVUs));
    }
  });
});
