import type { Check, CheckInput } from "../check.ts";
import type { Operation } from "../history.ts";
import { isServed, nameOf, percent, shorten, waitedMs } from "./operations.ts";

/** A request that takes longer was served, but not as the SLO wants it. */
export const sloMs = 1_000;
const windowMs = 100;

/** Windows of the run in which no request was waiting for an answer that never came. */
function countCleanWindows(judged: readonly Operation[], failed: readonly Operation[]): { windows: number; clean: number } {
  const first = judged[0];
  const last = judged.at(-1);
  if (first === undefined || last === undefined) return { windows: 0, clean: 0 };
  const windows = Math.floor((last.dueMs - first.dueMs) / windowMs) + 1;
  const dirty = new Set<number>();
  for (const { dueMs, endMs } of failed) {
    const from = Math.floor((dueMs - first.dueMs) / windowMs);
    const to = Math.min(windows - 1, Math.floor((endMs - first.dueMs) / windowMs));
    for (let window = from; window <= to; window++) dirty.add(window);
  }
  return { windows, clean: windows - dirty.size };
}

/** Requests that were due while the run lasted. */
export const availability: Check = {
  name: "availability",
  title: "Every request is served within its deadline",
  judge({ history, endMs }: CheckInput) {
    const judged = history.filter(({ dueMs }) => dueMs <= endMs);
    const failed = judged.filter((operation) => !isServed(operation));
    const prompt = judged.filter((operation) => isServed(operation) && waitedMs(operation) <= sloMs);
    const { windows, clean } = countCleanWindows(judged, failed);
    // The platform holds a request while it cannot serve it; a client that repeats it by itself hides that it did not.
    const turnedAway = judged.filter((operation) => operation.turnedAway !== undefined && isServed(operation));
    const findings = [
      ...failed.map((operation) => `${nameOf(operation)} failed after ${waitedMs(operation)} ms: ${reasonOf(operation)}`),
      ...turnedAway.map((operation) => `${nameOf(operation)} was turned away ${operation.turnedAway} times before it was served`),
    ];
    return {
      verdict: judged.length === 0 ? "unknown" : findings.length > 0 ? "invalid" : "valid",
      figures: {
        requests: judged.length,
        failed: failed.length,
        turnedAway: turnedAway.length,
        servedPercent: percent(judged.length - failed.length, judged.length),
        withinSloPercent: percent(prompt.length, judged.length),
        cleanWindowsPercent: percent(clean, windows),
      },
      findings: judged.length === 0 ? ["no request was made"] : shorten(findings),
    };
  },
};

function reasonOf({ reason, status }: Operation): string {
  return reason ?? (status === 0 ? "no answer" : `HTTP ${status}`);
}
