/** The results for machines: JSON, and JUnit as CI systems read it. */
import { escapeMarkup } from "./escape-markup.ts";
import type { RunFacts, SessionFacts } from "./read-run.ts";
import { summarizeRuns } from "./summary.ts";

/** What `./dsp drill … --json` prints for each drill: the worst of its runs. */
export interface DrillFigures {
  name: string;
  verdict: string;
  /** null where nothing was judged. */
  stallMs: number | null;
  failed: number;
  lost: number | null;
  doubled: number | null;
  runs: number;
}

export function figuresOfRuns(runs: readonly RunFacts[]): DrillFigures[] {
  return summarizeRuns(runs).map(({ name, verdict, stall, failed, lost, doubled, runs: all }) => ({
    ...{ name, verdict, failed, runs: all.length },
    stallMs: stall?.worst ?? null,
    lost: lost ?? null,
    doubled: doubled ?? null,
  }));
}

/** Everything the page says, without the pictures. */
export function makeResults({ session, runs }: SessionFacts): string {
  const drills = summarizeRuns(runs).map(({ name, title, promise, verdict, stall, redundancy, stallsMs, runs: all }, index) => ({
    ...figuresOfRuns(runs)[index],
    ...{ name, title, verdict, promise, stallsMs, stallP50Ms: stall?.p50 ?? null, redundancyWorstMs: redundancy?.worst ?? null },
    each: all.map(
      ({ run, verdict: own, reasons, stallMs, failed, lost, doubled, startedMs, endedMs, paceMs, medianBeforeMs, checks, faults }) => ({
        ...{ run, verdict: own, reasons, failed, startedMs, endedMs, checks },
        ...{
          stallMs: stallMs ?? null,
          lost: lost ?? null,
          doubled: doubled ?? null,
          paceMs: paceMs ?? null,
          medianBeforeMs: medianBeforeMs ?? null,
        },
        faults: faults.map(({ name: fault, what, elements, injectedMs, happenedMs, healedMs, evidence }) => ({
          ...{ name: fault, what, elements, injectedMs, happenedMs, healedMs, evidence },
        })),
      }),
    ),
  }));
  return `${JSON.stringify({ ...session, drills }, null, 2)}\n`;
}

function testCase({ drill, run, verdict, reasons, startedMs, endedMs }: RunFacts): string {
  const seconds = ((endedMs - startedMs) / 1_000).toFixed(1);
  const why = escapeMarkup(reasons.join("\n"));
  const first = escapeMarkup(reasons[0] ?? verdict);
  // Unknown is no skip: CI must not take it for good.
  const inside = {
    valid: "",
    invalid: `<failure message="${first}">${why}</failure>`,
    unknown: `<error message="${first}">${why}</error>`,
    "not run": `<skipped message="${first}"/>`,
  }[verdict];
  return `  <testcase classname="drill" name="${escapeMarkup(`${drill} (run ${run})`)}" time="${seconds}">${inside}</testcase>`;
}

export function makeJunit({ session, runs }: SessionFacts): string {
  const count = (verdict: RunFacts["verdict"]) => runs.filter((run) => run.verdict === verdict).length;
  const missed = session.uncovered ?? [];
  const seconds = (runs.reduce((sum, { startedMs, endedMs }) => sum + endedMs - startedMs, 0) / 1_000).toFixed(1);
  const coverage = missed.map(
    (name) => `  <testcase classname="coverage" name="${escapeMarkup(name)}"><failure message="no drill hits it"/></testcase>`,
  );
  const totals = `tests="${runs.length + missed.length}" failures="${count("invalid") + missed.length}" errors="${count("unknown")}" skipped="${count("not run")}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuite name="drills" timestamp="${escapeMarkup(session.startedAt)}" time="${seconds}" ${totals}>`,
    ...runs.map(testCase),
    ...coverage,
    "</testsuite>",
    "",
  ].join("\n");
}
