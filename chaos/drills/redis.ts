import type { Drill } from "../drill.ts";
import { podKill } from "../faults/pod-kill.ts";
import { redisPrimaryCutOff } from "../faults/redis-primary-cut-off.ts";
import { redisPrimaryFreeze } from "../faults/redis-primary-freeze.ts";
import { redisPrimaryKill } from "../faults/redis-primary-kill.ts";
import { rollingRestart } from "../faults/rolling-restart.ts";
import { sentinelLost } from "../faults/sentinel-lost.ts";
import { promises } from "../promises.ts";
import { declareDrill, lasting, once, rolling } from "./declare.ts";

export const redisDrills: readonly Drill[] = [
  declareDrill({
    name: "redis-primary-kill",
    title: "The Redis primary's process is killed",
    tolerates: "one Redis instance",
    faults: once(redisPrimaryKill()),
    promise: promises.redis,
    short: true,
  }),
  declareDrill({
    name: "redis-pod-kill",
    title: "The Redis primary's pod is killed, its Sentinel with it",
    tolerates: "one Redis instance and its Sentinel",
    faults: once(podKill("redis-primary")),
    promise: promises.redis,
  }),
  declareDrill({
    name: "redis-primary-freeze",
    title: "The Redis primary is frozen",
    tolerates: "one Redis instance",
    faults: lasting(redisPrimaryFreeze(), 10),
    promise: promises.redis,
  }),
  declareDrill({
    name: "redis-primary-cut-off",
    title: "The Redis primary is cut off from its replicas",
    tolerates: "one Redis instance",
    faults: lasting(redisPrimaryCutOff(), 10),
    promise: promises.redis,
  }),
  declareDrill({
    name: "sentinel-lost",
    title: "One Sentinel is lost",
    tolerates: "one of three Sentinels",
    faults: lasting(sentinelLost(), 10),
    promise: promises.spare,
  }),
  declareDrill({
    name: "redis-roll",
    title: "Redis is rolled to a new version, instance after instance",
    tolerates: "a planned restart of every Redis instance",
    faults: rolling(rollingRestart("redis")),
    promise: promises.redis,
    redundancyLimitS: 240,
  }),
];
