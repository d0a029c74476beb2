import type { Drill } from "../drill.ts";
import { containerFreeze } from "../faults/container-freeze.ts";
import { edgeCutOff } from "../faults/edge-cut-off.ts";
import { edgeKill } from "../faults/edge-kill.ts";
import { nodeKill } from "../faults/node-kill.ts";
import { rollingRestart } from "../faults/rolling-restart.ts";
import { virtualIpTwice } from "../faults/virtual-ip-twice.ts";
import { promises } from "../promises.ts";
import { messages } from "../walks/messages.ts";
import { declareDrill, lasting, once, rolling } from "./declare.ts";

export const edgeDrills: readonly Drill[] = [
  declareDrill({
    name: "edge-kill",
    title: "The edge that holds the virtual IP is killed",
    tolerates: "one of the two edges",
    faults: once(edgeKill()),
    promise: promises.edge,
    short: true,
  }),
  declareDrill({
    name: "message-edge-kill",
    title: "The edge that holds the virtual IP is killed while professionals send each other messages",
    tolerates: "one of the two edges",
    faults: once(edgeKill()),
    promise: promises.edge,
    walks: [messages],
  }),
  declareDrill({
    name: "edge-freeze",
    title: "The edge that holds the virtual IP is frozen",
    tolerates: "one of the two edges",
    faults: lasting(containerFreeze("edge-holder"), 10),
    promise: promises.edge,
  }),
  declareDrill({
    name: "edge-cut-off",
    title: "The edge that holds the virtual IP is cut off from everything but its clients",
    tolerates: "one of the two edges",
    faults: lasting(edgeCutOff(), 10),
    promise: promises.edge,
  }),
  declareDrill({
    name: "edge-node-kill",
    title: "The node of the edge that holds the virtual IP is killed",
    tolerates: "one node",
    faults: lasting(nodeKill("edge-holder"), 15),
    promise: promises.edge,
    redundancyLimitS: 180,
  }),
  declareDrill({
    name: "virtual-ip-twice",
    title: "Both edges claim the virtual IP",
    tolerates: "an address that two nodes answer for",
    faults: lasting(virtualIpTwice(), 10),
    promise: promises.edge,
  }),
  declareDrill({
    name: "edge-roll",
    title: "Both edges are rolled, one after the other",
    tolerates: "a planned restart of every edge",
    faults: rolling(rollingRestart("edge")),
    promise: promises.planned,
    redundancyLimitS: 180,
  }),
];
