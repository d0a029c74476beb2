/** What checks and SLO say alike about operations. */
import type { Operation } from "../history.ts";

/** Answers that say no to what the client itself asked for: a record that is not there, a version that is no longer current. */
const rightRefusals: ReadonlySet<number> = new Set([404, 409, 410, 412]);
const findingsShown = 20;

export function isWrite({ kind }: Operation): boolean {
  return kind === "create" || kind === "update";
}

/** Answered as a platform should: done, or refused for a reason that is the client's own. */
export function isServed({ outcome, status }: Operation): boolean {
  return outcome === "ok" || (outcome === "refused" && rightRefusals.has(status));
}

/** From when it was due until its end: a late start is part of what the client waits. */
export function waitedMs({ dueMs, endMs }: Operation): number {
  return endMs - dueMs;
}

/** `update 812`, as findings name an operation. */
export function nameOf({ kind, n }: Operation): string {
  return `${kind} ${n}`;
}

/** The largest of any number of values; 0 of none. */
export function largest(values: Iterable<number>): number {
  let most = 0;
  for (const value of values) if (value > most) most = value;
  return most;
}

/** The value below which a share of all values lie (nearest rank); 0 of none. @param share 0.95 for p95 */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

/** Part of a whole in per cent, with three decimals, rounded down: 99.9999 % of something is not all of it. */
export function percent(part: number, whole: number): number {
  return whole === 0 ? 100 : Math.floor((part / whole) * 100_000) / 1_000;
}

/** The first findings, and how many more there are. */
export function shorten(findings: readonly string[]): string[] {
  const more = findings.length - findingsShown;
  return more > 0 ? [...findings.slice(0, findingsShown), `and ${more} more like these`] : [...findings];
}

export function groupBy<T, K>(items: Iterable<T>, keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}
