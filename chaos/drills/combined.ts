import type { Drill } from "../drill.ts";
import { edgeKill } from "../faults/edge-kill.ts";
import { podKill } from "../faults/pod-kill.ts";
import { promises } from "../promises.ts";
import { declareDrill } from "./declare.ts";

/** Within the time in which the platform answers the first fault. */
const duringFailoverS = 1;
const againS = 30;

export const combinedDrills: readonly Drill[] = [
  declareDrill({
    name: "fault-during-failover",
    title: "While PostgreSQL fails over, the edge that holds the virtual IP is killed",
    tolerates: "two elements of different kinds at once",
    faults: [
      { fault: podKill("postgres-primary"), afterS: 0, lastsS: 0 },
      { fault: edgeKill(), afterS: duringFailoverS, lastsS: 0 },
    ],
    promise: promises.postgresCrash,
    redundancyLimitS: 240,
  }),
  declareDrill({
    name: "primary-kill-again",
    title: "The PostgreSQL primary's pod is killed, and 30 s later that of the next primary",
    tolerates: "one PostgreSQL instance, and the next one while the first comes back",
    faults: [
      { fault: podKill("postgres-primary"), afterS: 0, lastsS: 0 },
      { fault: podKill("postgres-primary"), afterS: againS, lastsS: 0 },
    ],
    promise: promises.postgresCrash,
    redundancyLimitS: 240,
  }),
];
