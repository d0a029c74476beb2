import { describe, expect, it } from "vitest";
import { drillResults } from "../testing/drill-results.ts";
import { parseReport, promiseRows, reportId } from "./parse-report.ts";

describe("parseReport", () => {
  it("keeps what the page shows, and knows the same report again", () => {
    const report = parseReport(JSON.stringify(drillResults()));
    expect(report.drills[0]).not.toHaveProperty("stallsMs");
    expect(reportId(report)).toBe(reportId(parseReport(JSON.stringify(drillResults()))));
    expect(reportId(report)).not.toBe(reportId({ ...report, stack: "other" }));
  });

  it.each([
    ["", "the whole"],
    ["{}", "startedAt"],
    [JSON.stringify({ ...drillResults(), drills: [] }), "drills"],
  ])("says what is wrong with %j", (text, where) => {
    expect(() => parseReport(text)).toThrow(expect.objectContaining({ status: 400, message: expect.stringContaining(where) }));
  });
});

describe("promiseRows", () => {
  it("takes the worst of a promise's drills, and what was not measured for unknown", () => {
    expect(promiseRows(parseReport(JSON.stringify(drillResults())))).toEqual([
      { row: "A pod is lost", verdict: "valid", drills: 1, stallMs: 420, stallBarMs: 1000, failed: 0, lost: 0, doubled: 0 },
      { row: "A site is lost", verdict: "invalid", drills: 2, stallMs: 6100, stallBarMs: 5000, failed: 3, lost: 0, doubled: 0 },
      {
        row: "DNS is lost",
        verdict: "not run",
        drills: 1,
        stallMs: undefined,
        stallBarMs: 1000,
        failed: 0,
        lost: undefined,
        doubled: undefined,
      },
    ]);
  });
});
