/** What else a person or a software does beside the load while a drill breaks the platform, judged as a check of its own. */
import type { CheckResult } from "./check.ts";
import type { Target } from "./target.ts";

export interface WalkContext {
  target: Target;
  /** Unique to the run; the walk marks what it writes with it. */
  runName: string;
  /** The run's own: what the walk keeps for people to look at goes there. */
  folder: string;
  /** Aborted when the run is over, however it came to that: the walk then does nothing more. */
  signal: AbortSignal;
}

export interface RunningWalk {
  /** Stops walking, looks at what became of it, and judges. @throws Error when it cannot be judged */
  end(): Promise<CheckResult>;
}

export interface Walk {
  /** Of its check: `signed-in` */
  readonly name: string;
  /** The promise, in words. */
  readonly title: string;
  /** The services that it uses, by their names; a platform that does not run them cannot be walked. */
  readonly services: readonly string[];
  /** It drives a real browser; where the machine has none it cannot be walked. */
  readonly needsBrowser?: boolean;
  /** Begins with the load, on the whole platform. @throws Error when it cannot begin */
  begin(context: WalkContext): Promise<RunningWalk>;
}
