import { describe, expect, it } from "vitest";
import type { Operation } from "../history.ts";
import { judgeLoad } from "./slo.ts";
import { kindOf, mix, users, workloads } from "./workloads.ts";

function operations(count: number, waitedMs: (n: number) => number, rest: (n: number) => Partial<Operation> = () => ({})): Operation[] {
  return Array.from({ length: count }, (_, n) => {
    const dueMs = n * 50;
    return { n, kind: "read", dueMs, startMs: dueMs, endMs: dueMs + waitedMs(n), outcome: "ok", status: 200, attempts: 1, ...rest(n) };
  });
}

describe("the SLO", () => {
  it("is kept by prompt answers, right refusals among them", () => {
    const { good, figures, findings } = judgeLoad(
      "steady",
      operations(
        1_000,
        () => 20,
        (n) => (n % 10 === 0 ? { outcome: "refused", status: 404 } : {}),
      ),
    );
    expect([good, findings]).toEqual([true, []]);
    expect(figures).toMatchObject({ requests: 1_000, requestsPerSecond: 20, failed: 0, availabilityPercent: 100, p50Ms: 20, p99Ms: 20 });
  });

  it("is missed below 99.9 % of requests served", () => {
    const failing = (every: number) =>
      operations(
        2_000,
        () => 20,
        (n) => (n % every === 7 ? { outcome: "failed", status: 503 } : {}),
      );
    expect(judgeLoad("steady", failing(1_000)).good).toBe(true);
    const { good, findings } = judgeLoad("steady", failing(500));
    expect(good).toBe(false);
    expect(findings[0]).toMatch(/^availability 99.8 %, the SLO is 99.9 %: 4 of 2000 failed \(read 7: HTTP 503/);
  });

  it("is missed by answers that come late, from when they were due", () => {
    expect(
      judgeLoad(
        "steady",
        operations(1_000, (n) => (n % 10 === 0 ? 600 : 20)),
      ).findings,
    ).toEqual(["p95 600 ms, the SLO is 500 ms"]);
    expect(
      judgeLoad(
        "steady",
        operations(1_000, (n) => (n % 50 === 0 ? 1_100 : 20)),
      ).findings,
    ).toEqual(["p99 1100 ms, the SLO is 1000 ms"]);
    const late = operations(1_000, () => 600).map((operation) => ({ ...operation, startMs: operation.endMs - 5 }));
    expect(judgeLoad("steady", late).good).toBe(false);
  });

  it("is not kept by silence", () => {
    expect(judgeLoad("steady", []).good).toBe(false);
  });
});

describe("the workloads", () => {
  it("write at least 10 times a second under the steady load", () => {
    const writes = mix.filter((action) => kindOf[action] === "create" || kindOf[action] === "update").length;
    expect((workloads.steady.ratePerSecond * writes) / mix.length).toBeGreaterThanOrEqual(10);
  });

  it("have a user for every second of the longest wait", () => {
    expect(users).toBeGreaterThan(20);
  });
});
