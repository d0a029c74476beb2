/** Puts what was seen before the drill's checks. A check that throws gives unknown, never a pass. */
import type { Aftermath, Check, CheckInput, FaultRecord, Sighting } from "../check.ts";
import type { Drill } from "../drill.ts";
import type { Operation } from "../history.ts";
import type { Target } from "../target.ts";
import { type FaultInProgress, recordOf } from "./fault-in-progress.ts";
import type { CheckOutcome } from "./outcome.ts";
import type { DrillParts } from "./parts.ts";
import type { Problem } from "./problem.ts";

export interface Seen {
  drill: Drill;
  parts: DrillParts;
  target: Target;
  folder: string;
  runName: string;
  room: number;
  operations: readonly Operation[];
  steadyEndMs: number;
  loadEndMs: number;
  loadGapMaxMs: number;
  redundantMs: number | undefined;
  /** The beginning of the time in which the steady state must hold again; undefined: it was not waited for. */
  steadyAgainMs: number | undefined;
  faults: readonly FaultInProgress[];
  sightings: readonly Sighting[];
}

function messageOf(failure: unknown): string {
  return failure instanceof Error ? failure.message : String(failure);
}

/** Where the stores could not be read, whoever looks at them cannot judge: the look itself throws. */
function unreadable(failure: unknown): Aftermath {
  const problem = new Error(`the stores could not be read after the run: ${messageOf(failure)}`);
  return {
    get stores(): Aftermath["stores"] {
      throw problem;
    },
    get auditEvents(): Aftermath["auditEvents"] {
      throw problem;
    },
  };
}

function judgeOne(check: Check, input: CheckInput): CheckOutcome {
  const { name, title } = check;
  try {
    const { verdict, figures, findings } = check.judge(input);
    return { name, title, verdict, figures, findings };
  } catch (failure) {
    return { name, title, verdict: "unknown", figures: {}, findings: [`the check could not judge: ${messageOf(failure)}`] };
  }
}

/** The hypothesis must hold again on the whole platform, at once or within the runner's patience. */
function judgeAfter({ drill, parts, operations, redundantMs, steadyAgainMs, room }: Seen): CheckOutcome[] {
  if (redundantMs === undefined || steadyAgainMs === undefined) return [];
  const after = operations.filter(({ dueMs }) => dueMs >= steadyAgainMs);
  if (after.length === 0) return [];
  const title = "The steady state holds again after the drill";
  try {
    const { good, figures, findings } = parts.judgeLoad(drill.workload, after, room);
    return [
      {
        name: "steady-state",
        title,
        verdict: good ? "valid" : "invalid",
        figures: { ...figures, steadyAgainAfterMs: Math.max(0, steadyAgainMs - redundantMs) },
        findings,
      },
    ];
  } catch (failure) {
    return [{ name: "steady-state", title, verdict: "unknown", figures: {}, findings: [messageOf(failure)] }];
  }
}

function problemsOf({ operations, loadEndMs, loadGapMaxMs, faults }: Seen): Problem[] {
  const problems: Problem[] = faults
    .filter(({ happenedMs }) => happenedMs === undefined)
    .map(({ plan }) => ({ verdict: "unknown", text: `${plan.fault.name} was never seen to be real` }));
  // The longest of thousands: too many for one call's arguments.
  const lastDueMs = operations.reduce((latest, { dueMs }) => Math.max(latest, dueMs), 0);
  if (loadEndMs - lastDueMs > loadGapMaxMs) {
    const text = operations.length === 0 ? "the load made no operation" : "the load ended before the drill did";
    problems.push({ verdict: "unknown", text });
  }
  return problems;
}

/** All checks of the drill over one history. */
export async function judgeDrill(seen: Seen): Promise<{ checks: CheckOutcome[]; problems: Problem[] }> {
  const { drill, parts, target, runName, folder } = seen;
  const aftermath = await parts.readAftermath(target, runName, folder).catch(unreadable);
  const input: CheckInput = {
    history: seen.operations.toSorted((left, right) => left.n - right.n),
    steadyEndMs: seen.steadyEndMs,
    endMs: seen.loadEndMs,
    faults: seen.faults.map(recordOf).filter((record): record is FaultRecord => record !== undefined),
    sightings: seen.sightings,
    aftermath,
    stall: { barMs: drill.promise.stallBarMs * seen.room, goalMs: drill.promise.stallGoalMs },
    redundantMs: seen.redundantMs,
  };
  return { checks: [...drill.checks.map((check) => judgeOne(check, input)), ...judgeAfter(seen)], problems: problemsOf(seen) };
}
