import type { Drill, FaultPlan } from "../drill.ts";
import type { Fault } from "../fault.ts";
import { nodeDrain } from "../faults/node-drain.ts";
import { operatorCertificates } from "../faults/operator-certificates.ts";
import { parameterChange } from "../faults/parameter-change.ts";
import { rollingRestart } from "../faults/rolling-restart.ts";
import { secretRotation } from "../faults/secret-rotation.ts";
import { switchover } from "../faults/switchover.ts";
import { promises } from "../promises.ts";
import { declareDrill, once, rolling } from "./declare.ts";

/** As long as the work on the node takes, and at least until everything has left it. */
const drained = (fault: Fault): FaultPlan[] => [{ fault, afterS: 0, lastsS: 15, evidenceS: 90 }];

export const plannedDrills: readonly Drill[] = [
  declareDrill({
    name: "switchover",
    title: "The PostgreSQL primary is moved on purpose",
    tolerates: "a planned move of the primary",
    faults: once(switchover()),
    promise: promises.planned,
    redundancyLimitS: 180,
  }),
  declareDrill({
    name: "node-drain",
    title: "The node of the PostgreSQL primary is drained for maintenance",
    tolerates: "one node taken out on purpose",
    faults: drained(nodeDrain("postgres-primary")),
    promise: promises.planned,
    redundancyLimitS: 240,
  }),
  declareDrill({
    name: "edge-node-drain",
    title: "The node of the edge that holds the virtual IP is drained for maintenance",
    tolerates: "one node taken out on purpose",
    faults: drained(nodeDrain("edge-holder")),
    promise: promises.planned,
    redundancyLimitS: 240,
  }),
  declareDrill({
    name: "parameter-change",
    title: "A PostgreSQL parameter that needs a restart is changed",
    tolerates: "a planned restart of every PostgreSQL instance",
    faults: rolling(parameterChange()),
    promise: promises.planned,
    redundancyLimitS: 300,
  }),
  declareDrill({
    name: "dns-roll",
    title: "The cluster's DNS is rolled to a new version, pod after pod",
    tolerates: "a planned restart of every DNS pod",
    faults: rolling(rollingRestart("coredns")),
    promise: promises.planned,
    redundancyLimitS: 240,
  }),
  declareDrill({
    name: "watcher-roll",
    title: "The watchers are rolled to a new version, site after site",
    tolerates: "a planned restart of every watcher",
    faults: rolling(rollingRestart("watcher")),
    promise: promises.planned,
    redundancyLimitS: 240,
  }),
  declareDrill({
    name: "operator-roll",
    title: "The PostgreSQL operator is rolled to a new version, pod after pod, and makes its certificates anew",
    tolerates: "a planned restart of every pod of the operator, and a change of the certificates it makes",
    faults: rolling(operatorCertificates("cloudnative-pg")),
    promise: promises.planned,
    redundancyLimitS: 240,
  }),
  declareDrill({
    name: "certificate-rotation",
    title: "Every certificate of the platform is replaced",
    tolerates: "a planned change of certificates",
    faults: rolling(secretRotation("certificates")),
    promise: promises.planned,
    redundancyLimitS: 300,
  }),
  declareDrill({
    name: "password-rotation",
    title: "The passwords of PostgreSQL and Redis are replaced",
    tolerates: "a planned change of passwords",
    faults: rolling(secretRotation("passwords")),
    promise: promises.planned,
    redundancyLimitS: 300,
  }),
];
