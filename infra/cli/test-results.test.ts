import { describe, expect, it } from "vitest";
import { addCounts, countCheck, countVitest, formatCounts } from "./test-results.ts";

const report = (changes: object) =>
  JSON.stringify({ numPassedTests: 3, numFailedTests: 0, numPendingTests: 1, numTodoTests: 0, testResults: [], ...changes });

describe("countVitest", () => {
  it("counts what the report says", () => {
    expect(countVitest(report({ numFailedTests: 2 }), 1)).toEqual({ passed: 3, failed: 2, skipped: 1 });
  });

  it("counts a file that could not be loaded as a failure", () => {
    const testResults = [
      { status: "failed", assertionResults: [] },
      { status: "passed", assertionResults: [{ status: "passed" }] },
    ];
    expect(countVitest(report({ testResults }), 1).failed).toBe(1);
  });

  it("never calls a bad end a pass", () => {
    expect(countVitest(report({}), 1).failed).toBe(1);
    expect(countVitest(undefined, 0).failed).toBe(1);
    expect(countVitest(report({}), 0).failed).toBe(0);
  });
});

describe("formatCounts", () => {
  it("is the plain last line", () => {
    expect(formatCounts(addCounts(countCheck(true), countCheck(false)))).toBe("1 passed, 1 failed");
    expect(formatCounts({ passed: 5, failed: 0, skipped: 2 })).toBe("5 passed, 0 failed, 2 skipped");
  });
});
