/** What all runs of a drill came to, and all drills of a row of the promises. */
import { type DrillVerdict, worst } from "../run/outcome.ts";
import type { RunFacts } from "./read-run.ts";

export interface Spread {
  runs: number;
  p50: number;
  worst: number;
}

export interface DrillSummary {
  name: string;
  title: string;
  tolerates: string;
  promise: RunFacts["promise"];
  verdict: DrillVerdict;
  runs: readonly RunFacts[];
  /** The run that stalled longest; the worst verdict where none was judged. */
  worstRun: RunFacts;
  /** Of each run that was judged. */
  stallsMs: readonly number[];
  stall: Spread | undefined;
  failed: number;
  lost: number | undefined;
  doubled: number | undefined;
  /** From the last healing to full redundancy. */
  redundancy: Spread | undefined;
}

/** Nearest rank; undefined of nothing. */
export function spread(values: readonly number[]): Spread | undefined {
  const sorted = values.toSorted((left, right) => left - right);
  const last = sorted.at(-1);
  if (last === undefined) return undefined;
  return { runs: sorted.length, p50: sorted[Math.ceil(sorted.length / 2) - 1] ?? last, worst: last };
}

function total(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0);
}

function figure(run: RunFacts, check: string, name: string): number | undefined {
  return run.checks.find((outcome) => outcome.name === check)?.figures[name];
}

function summarize(runs: readonly [RunFacts, ...RunFacts[]]): DrillSummary {
  const [first] = runs;
  const stallsMs = runs.flatMap(({ stallMs }) => (stallMs === undefined ? [] : [stallMs]));
  const redundancyMs = runs.flatMap((run) => figure(run, "redundancy", "redundantAfterHealMs") ?? []);
  const worstRun = runs.reduce((left, right) => ((right.stallMs ?? -1) > (left.stallMs ?? -1) ? right : left));
  return {
    ...{ name: first.drill, title: first.title, tolerates: first.tolerates, promise: first.promise, runs, worstRun, stallsMs },
    verdict: worst(runs.map(({ verdict }) => verdict)),
    stall: spread(stallsMs),
    failed: total(runs.map(({ failed }) => failed)) ?? 0,
    lost: total(runs.map(({ lost }) => lost)),
    doubled: total(runs.map(({ doubled }) => doubled)),
    redundancy: spread(redundancyMs),
  };
}

/** One summary a drill, in the order in which they were first run. */
export function summarizeRuns(runs: readonly RunFacts[]): DrillSummary[] {
  const byDrill = new Map<string, [RunFacts, ...RunFacts[]]>();
  for (const run of runs) {
    const known = byDrill.get(run.drill);
    if (known) known.push(run);
    else byDrill.set(run.drill, [run]);
  }
  return [...byDrill.values()].map(summarize);
}

export interface PromiseSummary {
  promise: RunFacts["promise"];
  drills: readonly DrillSummary[];
  stallsMs: readonly number[];
  stall: Spread | undefined;
  failed: number;
  lost: number | undefined;
  doubled: number | undefined;
  /** The longest of each drill. */
  redundancy: Spread | undefined;
  verdict: DrillVerdict;
}

/** One summary a row of the promises, in the order of the drills. */
export function summarizePromises(drills: readonly DrillSummary[]): PromiseSummary[] {
  const rows = Map.groupBy(drills, ({ promise }) => promise.row);
  return [...rows.values()].flatMap((members) => {
    const [first] = members;
    if (first === undefined) return [];
    const stallsMs = members.flatMap((member) => member.stallsMs);
    return [
      {
        ...{ promise: first.promise, drills: members, stallsMs, stall: spread(stallsMs) },
        failed: total(members.map(({ failed }) => failed)) ?? 0,
        lost: total(members.map(({ lost }) => lost)),
        doubled: total(members.map(({ doubled }) => doubled)),
        redundancy: spread(members.flatMap(({ redundancy }) => redundancy?.worst ?? [])),
        verdict: worst(members.map(({ verdict }) => verdict)),
      },
    ];
  });
}

/** Processor time of the fixed loop over a run of drills, in ms; undefined where no run measured it. */
export interface PaceRange {
  least: number;
  p50: number;
  most: number;
}

export function paceRange(runs: readonly RunFacts[]): PaceRange | undefined {
  const paces = runs.flatMap(({ paceMs }) => paceMs ?? []);
  const half = spread(paces);
  return half && { least: Math.min(...paces), p50: half.p50, most: half.worst };
}

/** `28 ms to 51 ms, p50 31 ms` */
export function formatPace({ least, p50, most }: PaceRange): string {
  return `${formatMs(least)} to ${formatMs(most)}, p50 ${formatMs(p50)}`;
}

/** `850 ms`, `12.3 s`; a dash where nothing was measured. */
export function formatMs(ms: number | undefined): string {
  if (ms === undefined) return "–";
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

export function formatCount(count: number | undefined): string {
  return count === undefined ? "–" : String(count);
}
