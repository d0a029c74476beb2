import type { Drill } from "../drill.ts";
import type { PodVictim } from "../faults/aim.ts";
import { containerFreeze } from "../faults/container-freeze.ts";
import { cpuStarved } from "../faults/cpu-starved.ts";
import { outOfMemory } from "../faults/out-of-memory.ts";
import { podKill } from "../faults/pod-kill.ts";
import { rollingRestart } from "../faults/rolling-restart.ts";
import { promises } from "../promises.ts";
import type { Walk } from "../walk.ts";
import { atWork } from "../walks/at-work.ts";
import { messages } from "../walks/messages.ts";
import { signedIn } from "../walks/signed-in.ts";
import { declareDrill, lasting, once, rolling } from "./declare.ts";

/** The services beside the record, and who would notice their loss. */
const others = [
  { service: "identity", walks: [signedIn] },
  { service: "registry", walks: [] },
  { service: "exchange", walks: [messages] },
  { service: "portal", walks: [signedIn, atWork] },
] as const satisfies { service: PodVictim; walks: readonly Walk[] }[];

const otherDrills: readonly Drill[] = [
  ...others.map(({ service, walks }) =>
    declareDrill({
      name: `${service}-pod-kill`,
      title: `A pod of the ${service} service is killed`,
      tolerates: "one pod of a service",
      faults: once(podKill(service)),
      promise: promises.service,
      services: [service],
      walks,
    }),
  ),
  declareDrill({
    name: "other-services-roll",
    title: "Identity, registry, exchange and portal are rolled to a new version, service after service and pod after pod",
    tolerates: "a planned restart of every pod of a service",
    faults: rolling(
      rollingRestart(
        "other-services",
        others.map(({ service }) => service),
      ),
      300,
    ),
    promise: promises.service,
    redundancyLimitS: 180,
    services: others.map(({ service }) => service),
    walks: [signedIn, messages],
  }),
];

export const serviceDrills: readonly Drill[] = [
  declareDrill({
    name: "service-pod-kill",
    title: "A pod of the record service is killed",
    tolerates: "one pod of a service",
    faults: once(podKill("service")),
    promise: promises.service,
    short: true,
  }),
  declareDrill({
    name: "service-freeze",
    title: "A pod of the record service is frozen: it holds its connections and answers nothing",
    tolerates: "one pod of a service",
    faults: lasting(containerFreeze("service"), 10),
    promise: promises.service,
  }),
  declareDrill({
    name: "service-out-of-memory",
    title: "A pod of the record service runs out of memory",
    tolerates: "one pod of a service",
    faults: once(outOfMemory("service")),
    promise: promises.service,
  }),
  declareDrill({
    name: "worker-cpu-starved",
    title: "A node with pods of the services gets next to no processor",
    tolerates: "one node that is slow instead of dead",
    faults: lasting(cpuStarved("worker"), 10),
    promise: promises.service,
  }),
  declareDrill({
    name: "service-roll",
    title: "The record service is rolled to a new version, pod after pod",
    tolerates: "a planned restart of every pod of a service",
    faults: rolling(rollingRestart("record")),
    promise: promises.service,
    redundancyLimitS: 180,
  }),
  ...otherDrills,
];
