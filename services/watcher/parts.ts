import type { Logger } from "pino";
import type { Clock } from "./clock.ts";
import type { ClusterApi } from "./cluster.ts";
import type { Instances } from "./instances.ts";
import type { Timings } from "./timings.ts";

export type Log = Pick<Logger, "info" | "warn" | "debug">;

/** What the protocol stands on: real, or a simulation's. */
export interface Parts {
  readonly site: string;
  readonly clock: Clock;
  readonly instances: Instances;
  readonly cluster: ClusterApi;
  readonly timings: Timings;
  readonly log: Log;
}
