/** What the runner is made of besides the drill and the target: given to it, so that its own rules can be tested without a platform. */
import type { Aftermath } from "../check.ts";
import type { WorkloadName } from "../drill.ts";
import type { Operation } from "../history.ts";
import { type PodFacts, readPods } from "../inventory.ts";
import { readAftermath } from "../load/aftermath.ts";
import { type LoadOptions, type RunningLoad, startLoad } from "../load/load.ts";
import { judgeLoad } from "../load/slo.ts";
import type { Target } from "../target.ts";
import { collectLogs } from "./collect-logs.ts";

export interface DrillParts {
  startLoad(options: LoadOptions): Promise<RunningLoad>;
  judgeLoad(
    workload: WorkloadName,
    operations: readonly Operation[],
    room?: number,
  ): { good: boolean; figures: Record<string, number>; findings: string[] };
  readAftermath(target: Target, runName: string, folder: string): Promise<Aftermath>;
  /** @throws Error when nobody can tell */
  readPods(target: Target): Promise<PodFacts[]>;
  /** What the platform's parts said since then, into the run's folder. */
  collectLogs(target: Target, folder: string, sinceMs: number): Promise<void>;
}

export const realParts: DrillParts = { startLoad, judgeLoad, readAftermath, readPods, collectLogs };
