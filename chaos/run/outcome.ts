/** What a drill came to, and what a run of drills did. */
import type { Verdict } from "../check.ts";

/** `not run`: the fault could not be made, or the platform was not fit to begin. Never a pass. */
export type DrillVerdict = Verdict | "not run";

export interface CheckOutcome {
  name: string;
  title: string;
  verdict: Verdict;
  figures: Readonly<Record<string, number>>;
  findings: readonly string[];
}

export interface DrillOutcome {
  name: string;
  /** 1 for the first of several runs of the same drill. */
  run: number;
  verdict: DrillVerdict;
  /** Why it is not valid, the worst first; empty when it is. */
  reasons: readonly string[];
  checks: readonly CheckOutcome[];
  /** Longest stall that a client saw; undefined where nothing was judged. */
  stallMs: number | undefined;
  /** Requests that failed. */
  failed: number;
  lost: number | undefined;
  doubled: number | undefined;
  /** Inventory's names of what was hit, and of what went down with it. */
  elements: readonly string[];
  /** Still broken by a fault although healing was tried to its bound: a person must look. */
  unhealed: readonly string[];
  folder: string;
  startedMs: number;
  endedMs: number;
}

const badness: Record<DrillVerdict, number> = { valid: 0, "not run": 1, unknown: 2, invalid: 3 };

/** The worst of several verdicts; nothing judged is unknown. */
export function worst<V extends DrillVerdict>(verdicts: readonly V[]): V | "unknown" {
  return (
    verdicts.reduce<V | undefined>((left, right) => (left === undefined || badness[right] > badness[left] ? right : left), undefined) ??
    "unknown"
  );
}

/** 0 all valid, 1 something is invalid, 2 something could not be run or judged. */
export function exitCodeOf(outcomes: readonly Pick<DrillOutcome, "verdict" | "unhealed">[], uncovered: readonly string[] = []): 0 | 1 | 2 {
  if (outcomes.some(({ unhealed }) => unhealed.length > 0)) return 2;
  if (uncovered.length > 0 || outcomes.some(({ verdict }) => verdict === "invalid")) return 1;
  return outcomes.length > 0 && outcomes.every(({ verdict }) => verdict === "valid") ? 0 : 2;
}
