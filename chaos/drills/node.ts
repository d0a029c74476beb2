import type { Drill } from "../drill.ts";
import { cpuStarved } from "../faults/cpu-starved.ts";
import { networkLatency } from "../faults/network-latency.ts";
import { nodeFreeze } from "../faults/node-freeze.ts";
import { nodeKill } from "../faults/node-kill.ts";
import { promises } from "../promises.ts";
import { atWork } from "../walks/at-work.ts";
import { declareDrill, lasting } from "./declare.ts";

export const nodeDrills: readonly Drill[] = [
  declareDrill({
    name: "node-kill",
    title: "The node of the PostgreSQL primary is killed",
    tolerates: "one node",
    faults: lasting(nodeKill("postgres-primary"), 20),
    promise: promises.node,
    redundancyLimitS: 240,
    short: true,
  }),
  declareDrill({
    name: "portal-node-kill",
    title: "The node of the PostgreSQL primary is killed, while somebody works at the portal in a browser",
    tolerates: "one node",
    faults: lasting(nodeKill("postgres-primary"), 20),
    promise: promises.node,
    redundancyLimitS: 240,
    walks: [atWork],
  }),
  declareDrill({
    name: "node-freeze",
    title: "The node of the PostgreSQL primary is frozen",
    tolerates: "one node",
    faults: lasting(nodeFreeze("postgres-primary"), 20),
    promise: promises.node,
    redundancyLimitS: 240,
  }),
  declareDrill({
    name: "worker-kill",
    title: "A node without the PostgreSQL primary and without the virtual IP is killed",
    tolerates: "one node",
    faults: lasting(nodeKill("worker"), 15),
    promise: promises.node,
    redundancyLimitS: 240,
  }),
  declareDrill({
    name: "witness-kill",
    title: "The witness's node is killed",
    tolerates: "the witness site",
    faults: lasting(nodeKill("witness"), 15),
    promise: promises.spare,
    redundancyLimitS: 240,
  }),
  declareDrill({
    name: "node-cpu-starved",
    title: "The node of the PostgreSQL primary gets next to no processor",
    tolerates: "one node that is slow instead of dead",
    faults: lasting(cpuStarved("postgres-primary"), 15),
    promise: promises.postgresStuck,
    redundancyLimitS: 180,
  }),
  declareDrill({
    name: "network-latency",
    title: "Latency and loss between the sites",
    tolerates: "a bad line between the sites",
    faults: lasting(networkLatency(), 15),
    promise: promises.site,
  }),
];
