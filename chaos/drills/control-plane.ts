import type { Drill } from "../drill.ts";
import { apiProxyDown } from "../faults/api-proxy-down.ts";
import { apiServersDown } from "../faults/api-servers-down.ts";
import { dnsDown } from "../faults/dns-down.ts";
import { etcdLeaderKill } from "../faults/etcd-leader-kill.ts";
import { operatorLost } from "../faults/operator-lost.ts";
import { outsideUnreachable } from "../faults/outside-unreachable.ts";
import { podKill } from "../faults/pod-kill.ts";
import { promises } from "../promises.ts";
import { declareDrill, lasting, once, promisesWithoutSpares } from "./declare.ts";

export const controlPlaneDrills: readonly Drill[] = [
  declareDrill({
    name: "api-servers-down",
    title: "All API servers are down",
    tolerates: "the whole control plane",
    faults: lasting(apiServersDown(), 10),
    promise: promises.spare,
    redundancyLimitS: 180,
    checks: promisesWithoutSpares,
  }),
  declareDrill({
    name: "etcd-leader-kill",
    title: "The leader of etcd is killed",
    tolerates: "one member of etcd",
    faults: once(etcdLeaderKill()),
    promise: promises.spare,
  }),
  declareDrill({
    name: "api-proxy-down",
    title: "One node's own way to the API servers is down",
    tolerates: "one node's way to the API",
    faults: lasting(apiProxyDown(), 10),
    promise: promises.spare,
    redundancyLimitS: 180,
  }),
  declareDrill({
    name: "dns-pod-kill",
    title: "A pod of the cluster's DNS is killed",
    tolerates: "one DNS pod",
    faults: once(podKill("dns")),
    promise: promises.spare,
  }),
  declareDrill({
    name: "dns-down",
    title: "The cluster's DNS answers nobody",
    tolerates: "the cluster's whole DNS",
    faults: lasting(dnsDown(), 10),
    promise: promises.spare,
    checks: promisesWithoutSpares,
  }),
  declareDrill({
    name: "operator-pod-kill",
    title: "The leading pod of the PostgreSQL operator is killed",
    tolerates: "one pod of the operator",
    faults: once(podKill("operator")),
    promise: promises.spare,
  }),
  declareDrill({
    name: "operator-lost",
    title: "The PostgreSQL operator is gone altogether",
    tolerates: "all pods of the operator",
    faults: lasting(operatorLost(), 10),
    promise: promises.spare,
    checks: promisesWithoutSpares,
  }),
  declareDrill({
    name: "watcher-pod-kill",
    title: "A watcher is killed",
    tolerates: "one of three watchers",
    faults: once(podKill("watcher")),
    promise: promises.spare,
  }),
  declareDrill({
    name: "outside-unreachable",
    title: "Registries, package servers and every other address outside are unreachable",
    tolerates: "everything outside the platform",
    faults: lasting(outsideUnreachable(), 10),
    promise: promises.spare,
  }),
];
