/** Counts tests over tools and layers: what the last line of `./dsp test` says. */
import { z } from "zod";

export interface TestCounts {
  passed: number;
  failed: number;
  skipped: number;
}

export const noTests: TestCounts = { passed: 0, failed: 0, skipped: 0 };

const reportSchema = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  numTodoTests: z.number(),
  testResults: z.array(z.object({ status: z.string(), assertionResults: z.array(z.object({ status: z.string() })) })),
});

export function addCounts(left: TestCounts, right: TestCounts): TestCounts {
  return { passed: left.passed + right.passed, failed: left.failed + right.failed, skipped: left.skipped + right.skipped };
}

/** A check that is no test runner counts as one test. */
export function countCheck(passed: boolean): TestCounts {
  return passed ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 };
}

/**
 * Reads vitest's JSON report. A file that could not even be loaded counts as a failure, and so does a run that ended badly with no
 * failed test to show for it.
 * @param report the text of the report, undefined when there is none
 */
export function countVitest(report: string | undefined, exitCode: number): TestCounts {
  const parsed = report === undefined ? undefined : reportSchema.safeParse(JSON.parse(report));
  if (!parsed?.success) return countCheck(false);
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = parsed.data;
  const broken = testResults.filter((file) => file.status === "failed" && !file.assertionResults.some(({ status }) => status === "failed"));
  const failed = numFailedTests + broken.length;
  return {
    passed: numPassedTests,
    failed: failed === 0 && exitCode !== 0 ? 1 : failed,
    skipped: numPendingTests + numTodoTests,
  };
}

/** `12 passed, 0 failed`, and how many were skipped if any was. */
export function formatCounts({ passed, failed, skipped }: TestCounts): string {
  return `${passed} passed, ${failed} failed${skipped === 0 ? "" : `, ${skipped} skipped`}`;
}
