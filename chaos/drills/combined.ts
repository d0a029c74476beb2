import { copies } from "../checks/copies.ts";
import type { Drill } from "../drill.ts";
import { edgeKill } from "../faults/edge-kill.ts";
import { podKill } from "../faults/pod-kill.ts";
import { primaryFreeze } from "../faults/primary-freeze.ts";
import { standbysDown } from "../faults/standbys-down.ts";
import { standbysFreeze } from "../faults/standbys-freeze.ts";
import { promises } from "../promises.ts";
import { declareDrill, everyPromise, lasting } from "./declare.ts";

/** Within the time in which the platform answers the first fault. */
const duringFailoverS = 1;
const againS = 30;
/** Time for a platform that would rather go on than wait to notice that the primary is alone, and to acknowledge. */
const aloneS = 5;
/** The primary is frozen before the standbys are back. */
const downS = 7;

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
  declareDrill({
    name: "standbys-freeze",
    title: "Both PostgreSQL standbys are frozen: every write waits, is sent again by its client, and may be done once only",
    tolerates: "no loss and no doubling while nothing can be acknowledged",
    faults: lasting(standbysFreeze(), 10),
    checks: [...everyPromise, copies],
    promise: promises.several,
    redundancyLimitS: 240,
  }),
  declareDrill({
    name: "standbys-then-primary",
    title: "Both PostgreSQL standbys are down, and the primary is frozen before they are back: what it acknowledged alone would be lost",
    tolerates: "no loss of data with all three instances away",
    faults: [
      { fault: standbysDown(), afterS: 0, lastsS: downS },
      { fault: primaryFreeze(), afterS: aloneS, lastsS: 20 },
    ],
    checks: [...everyPromise, copies],
    promise: promises.several,
    redundancyLimitS: 240,
  }),
];
