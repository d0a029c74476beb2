import type { Check } from "./check.ts";
import type { Fault } from "./fault.ts";
import type { PromiseRow } from "./promises.ts";
import type { Walk } from "./walk.ts";

/** The load while the drill runs: `load/` knows each by name. */
export type WorkloadName = "smoke" | "steady" | "peak" | "soak";

export interface FaultPlan {
  fault: Fault;
  /** From the end of the steady phase, or from the injection of the fault before: its place in the drill. */
  afterS: number;
  /** How long the fault lasts before it is healed; 0: it heals as it is made (a killed pod). */
  lastsS: number;
  /** How long it may take until the fault is seen to be real, where that is longer than it lasts: a rolling restart of many pods. */
  evidenceS?: number;
}

/** More failed requests than both abort the drill: it is healed and invalid. */
export interface ErrorBudget {
  /** Of the operations so far, 0 to 1. */
  failedShareMax: number;
  failedMax: number;
}

/** One declaration a drill. The runner does steady → load → inject → heal → settle → check. */
export interface Drill {
  /** `site-kill` */
  readonly name: string;
  readonly title: string;
  /** What must be true before and after, in words: the runner holds `./dsp status` and the load's own figures against it. */
  readonly hypothesis: string;
  /** The loss it tolerates, in words: `one whole site` */
  readonly tolerates: string;
  readonly workload: WorkloadName;
  readonly faults: readonly FaultPlan[];
  /** The row of the table of promises that it stands in, and the stall that a client may see. */
  readonly promise: PromiseRow;
  readonly checks: readonly Check[];
  /** What others do beside the load; each is a check of its own. */
  readonly walks?: readonly Walk[];
  /** On a platform that does not run the walks' services the drill is run without them; otherwise it is not run there. */
  readonly walksIfThere?: boolean;
  /** Services that it breaks, where a platform may do without them. */
  readonly services?: readonly string[];
  /** How long the platform may take back to full redundancy after the last fault is healed. */
  readonly redundancyLimitS: number;
  readonly errorBudget: ErrorBudget;
  /** In the short set that CI runs. */
  readonly short?: boolean;
}
