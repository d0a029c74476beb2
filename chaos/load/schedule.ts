/** The load's schedule against what the load says it did: an operation that was never begun is one that failed. */
import type { Operation } from "../history.ts";
import type { Skipped } from "./history-file.ts";
import { deadlineMs, kindOf, mix } from "./workloads.ts";

/** An operation that is skipped so long after it was due was not begun in time, whatever came meanwhile. */
const skippedLateMs = 1_000;

export interface Schedule {
  runName: string;
  ratePerSecond: number;
  seconds: number;
}

/** When operation 0 was due; undefined before the first line. */
export function scheduleStartMs(schedule: Schedule, lines: readonly (Operation | Skipped)[]): number | undefined {
  const line = lines.find(({ n }) => n >= 0);
  return line === undefined ? undefined : line.dueMs - (line.n * 1_000) / schedule.ratePerSecond;
}

/** How many operations were due by then. */
export function dueBy(schedule: Schedule, startMs: number, momentMs: number): number {
  const due = Math.floor(((momentMs - startMs) * schedule.ratePerSecond) / 1_000) + 1;
  return Math.max(0, Math.min(due, schedule.seconds * schedule.ratePerSecond));
}

function neverBegun({ runName, ratePerSecond }: Schedule, n: number, startMs: number, reason: string): Operation {
  const action = mix[n % mix.length] ?? "read";
  const kind = kindOf[action as keyof typeof kindOf];
  const write = kind === "create" || kind === "update";
  const dueMs = Math.round(startMs + (n * 1_000) / ratePerSecond);
  const mark = `${runName}-${n}`;
  const outcome = { outcome: "failed", status: 0, attempts: 0, reason } as const;
  return { n, kind, dueMs, startMs: dueMs, endMs: dueMs + deadlineMs, ...outcome, ...(write ? { key: mark, value: mark } : {}) };
}

/**
 * What was due until the load was told to stop and is in no line: no user was free, or k6 died with it under way. Counted as having
 * waited until its deadline; a write among them may have happened.
 */
export function missingOperations(
  schedule: Schedule,
  lines: { operations: readonly Operation[]; skipped: readonly Skipped[] },
  stopMs: number,
): Operation[] {
  const startMs = scheduleStartMs(schedule, [...lines.operations, ...lines.skipped]);
  if (startMs === undefined) return [];
  const inTime = lines.skipped.filter(({ dueMs }) => dueMs >= stopMs - skippedLateMs);
  const known = new Set([...lines.operations, ...inTime].map(({ n }) => n));
  const highest = lines.operations.reduce((most, { n }) => Math.max(most, n), -1);
  const count = Math.max(dueBy(schedule, startMs, stopMs), highest + 1);
  const late = new Set(lines.skipped.map(({ n }) => n));
  const missing: Operation[] = [];
  for (let n = 0; n < count; n++) {
    if (known.has(n)) continue;
    missing.push(neverBegun(schedule, n, startMs, late.has(n) ? "begun too late by the load" : "never begun or never ended by the load"));
  }
  return missing;
}
