import { describe, expect, it } from "vitest";
import { type BenchResult, doubtsOf, problemsOf } from "./bench.ts";
import { roundedPatients } from "./testbed.ts";
import { madeFigures } from "./testing/made-figures.ts";
import { makeReport } from "./write-report.ts";

const { closed, open } = madeFigures("create");

function made(more: Partial<BenchResult["commits"][number]> = {}): BenchResult {
  const skipped = [{ scenario: "summary", because: "the CapabilityStatement lists no $summary of Patient" }];
  const commit = { commit: "local" as const, patients: 1_000, scenarios: [madeFigures("create")], skipped, auditRecords: 1_200 };
  return {
    ...{
      startedAt: "2026-01-01T00:00:00.000Z",
      machine: "2 × processor, 24 GiB",
      loadBefore: 0.1,
      processors: 2,
      seconds: 5,
      resourcesPerPatient: 10,
      curve: null,
    },
    commits: [{ ...commit, postgres: "PostgreSQL 17", ...more }],
  };
}

describe("problemsOf", () => {
  it("has nothing to say of a good run", () => {
    expect(problemsOf(made())).toEqual([]);
  });

  it("tells of requests that failed or left no record", () => {
    const scenarios = [madeFigures("create", { closed: { ...closed, failed: 3 } })];
    expect(problemsOf(made({ scenarios, auditRecords: 10 }))).toEqual([
      "local commit: 10 audit records of 997 requests",
      "local commit, create: 3 requests failed",
    ]);
  });

  it("looks at the curve as well", () => {
    const scenarios = [madeFigures("read", { closed: { ...closed, requests: 0 } })];
    const result = { ...made(), curve: { points: [{ patients: 10_000, scenarios }], skipped: [] } };
    expect(problemsOf(result)).toEqual(["10,000 patients, read: nothing was answered"]);
  });
});

describe("doubtsOf", () => {
  it("has none of a quiet machine and a rate that was kept", () => {
    expect(doubtsOf(made({ scenarios: [madeFigures("create", { open: { ...open, dropped: 5 } })] }))).toEqual([]);
  });

  it("tells of a busy machine, of a rate that was not kept, and of reads from a standby", () => {
    const scenarios = [madeFigures("read", { closed: { ...closed, byStandby: 4 }, open: { ...open, dropped: 6 } })];
    expect(doubtsOf({ ...made({ scenarios }), loadBefore: 4.2 })).toEqual([
      "the machine was busy before: 4.2 processes wanted its 2 processors",
      "local commit, read: 6 requests of the open loop were never begun, p50 and p99 are without them",
      "local commit, read: 4 reads were answered by a standby",
    ]);
  });
});

describe("makeReport", () => {
  it("says under which conditions, what was left out, and whose figures it compares with", () => {
    const report = makeReport(made());
    for (const part of [
      "without TLS",
      "audit on",
      "ANY 1",
      "- summary was left out",
      "on another machine's day",
      "| create | 100 requests |",
    ])
      expect(report).toContain(part);
    expect(report).not.toMatch(/Went wrong|To be doubted/);
    expect(report).not.toContain("curve.svg");
  });

  it("puts problems before the figures", () => {
    const report = makeReport({ ...made({ auditRecords: 0 }), loadBefore: 4 });
    for (const title of ["Went wrong", "To be doubted"]) expect(report.indexOf(title)).toBeGreaterThan(0);
    expect(report.indexOf("To be doubted")).toBeLessThan(report.indexOf("## Local commit"));
    expect(report).toContain("0 audit records of 1000 requests");
  });

  it("shows the curve", () => {
    const curve = { points: [{ patients: 1_000, scenarios: [madeFigures("read")] }], skipped: [] };
    expect(makeReport({ ...made(), commits: [], curve })).toContain("](curve.svg)");
  });
});

describe("roundedPatients", () => {
  it.each([
    [1, 1],
    [99, 99],
    [100, 100],
    [101, 200],
    [100_000, 100_000],
  ])("makes %s patients %s", (asked, made) => {
    expect(roundedPatients(asked)).toBe(made);
  });
});
