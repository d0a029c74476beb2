import type { Drill } from "../drill.ts";
import { containerFreeze } from "../faults/container-freeze.ts";
import { diskFull } from "../faults/disk-full.ts";
import { diskStalled } from "../faults/disk-stalled.ts";
import { outOfMemory } from "../faults/out-of-memory.ts";
import { podKill } from "../faults/pod-kill.ts";
import { processKill } from "../faults/postgres-crash.ts";
import { primaryFreeze } from "../faults/primary-freeze.ts";
import { primaryIsolated } from "../faults/primary-isolated.ts";
import { promises } from "../promises.ts";
import { subscription } from "../walks/subscription.ts";
import { declareDrill, lasting, once } from "./declare.ts";

export const postgresDrills: readonly Drill[] = [
  declareDrill({
    name: "primary-pod-kill",
    title: "The pod of the PostgreSQL primary is killed",
    tolerates: "one PostgreSQL instance",
    faults: once(podKill("postgres-primary")),
    promise: promises.postgresCrash,
    redundancyLimitS: 180,
    short: true,
  }),
  declareDrill({
    name: "peak-primary-kill",
    title: "The pod of the PostgreSQL primary is killed at three times the ordinary load",
    tolerates: "one PostgreSQL instance, at the busiest hour",
    workload: "peak",
    faults: once(podKill("postgres-primary")),
    promise: promises.postgresCrashAtPeak,
    redundancyLimitS: 180,
  }),
  declareDrill({
    name: "subscription-primary-kill",
    title: "The pod of the PostgreSQL primary is killed while a software is told of changes that it subscribed to",
    tolerates: "one PostgreSQL instance",
    faults: once(podKill("postgres-primary")),
    promise: promises.postgresCrash,
    redundancyLimitS: 180,
    walks: [subscription],
  }),
  declareDrill({
    name: "postgres-backend-crash",
    title: "A backend of the PostgreSQL primary is killed with -9: the instance throws everybody out and recovers",
    tolerates: "a crash of one database process",
    faults: once(processKill("postgres-backend")),
    promise: promises.postgresCrash,
  }),
  declareDrill({
    name: "postmaster-crash",
    title: "The postmaster of the PostgreSQL primary is killed with -9",
    tolerates: "one PostgreSQL instance",
    faults: once(processKill("postmaster")),
    promise: promises.postgresCrash,
    redundancyLimitS: 180,
  }),
  declareDrill({
    name: "postgres-out-of-memory",
    title: "The PostgreSQL primary runs out of memory",
    tolerates: "one PostgreSQL instance",
    faults: once(outOfMemory("postgres-primary")),
    promise: promises.postgresCrash,
    redundancyLimitS: 180,
  }),
  declareDrill({
    name: "primary-freeze",
    title: "The PostgreSQL primary is frozen (SIGSTOP)",
    tolerates: "one PostgreSQL instance that neither answers nor dies",
    faults: lasting(primaryFreeze(), 20),
    promise: promises.postgresStuck,
    redundancyLimitS: 180,
  }),
  declareDrill({
    name: "primary-pod-freeze",
    title: "The PostgreSQL primary's whole container is frozen, its operator's agent with it",
    tolerates: "one PostgreSQL instance that neither answers nor dies",
    faults: lasting(containerFreeze("postgres-primary"), 20),
    promise: promises.postgresStuck,
    redundancyLimitS: 180,
  }),
  declareDrill({
    name: "disk-full",
    title: "The volume of the PostgreSQL primary is full",
    tolerates: "one PostgreSQL instance's volume",
    faults: lasting(diskFull(), 20),
    promise: promises.postgresStuck,
    redundancyLimitS: 240,
  }),
  declareDrill({
    name: "disk-stalled",
    title: "The volume of the PostgreSQL primary stalls: nothing written to it comes back",
    tolerates: "one PostgreSQL instance's volume",
    faults: lasting(diskStalled(), 20),
    promise: promises.postgresStuck,
    redundancyLimitS: 240,
  }),
  declareDrill({
    name: "primary-isolated",
    title: "The PostgreSQL primary is cut off from its peers, but not from its clients",
    tolerates: "one PostgreSQL instance that clients still reach",
    faults: lasting(primaryIsolated(), 20),
    promise: promises.postgresStuck,
    redundancyLimitS: 180,
  }),
  declareDrill({
    name: "standby-pod-kill",
    title: "The pod of a PostgreSQL standby is killed",
    tolerates: "one PostgreSQL instance",
    faults: once(podKill("postgres-standby")),
    promise: promises.spare,
    redundancyLimitS: 180,
  }),
  declareDrill({
    name: "standby-freeze",
    title: "A PostgreSQL standby is frozen: a commit must not wait for it",
    tolerates: "one PostgreSQL instance",
    faults: lasting(containerFreeze("postgres-standby"), 10),
    promise: promises.spare,
    redundancyLimitS: 180,
  }),
];
