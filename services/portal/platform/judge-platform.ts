import type { Platform, PostgresSight, SentinelSight, ServiceSight, WatcherSight } from "./sights.ts";

/** `bad`: something does not do what it should. `unknown`: nobody could tell. */
export type Judgement = "good" | "bad" | "unknown";

export interface Judgements {
  postgres: Judgement;
  services: Judgement;
  redis: Judgement;
  watchers: Judgement;
}

/** A standby that is further behind than this is no good successor. */
const behindMaxBytes = 16 * 1024 * 1024;

/** What a part comes to. Good is only what was seen to be good. */
export function judgePlatform({ postgres, services, sentinels, watchers }: Platform): Judgements {
  return {
    postgres: judgePostgres(postgres),
    services: worst(services.map((sight) => judgeService(sight, sitesOf(services)))),
    redis: judgeRedis(sentinels),
    watchers: judgeWatchers(watchers),
  };
}

function judgePostgres(sights: readonly PostgresSight[]): Judgement {
  if (sights.length === 0) return "unknown";
  const primaries = sights.filter(({ role, state }) => role === "primary" && state === "answering");
  const standbys = sights.filter(({ role }) => role === "standby");
  const isWell = ({ role, state, behindBytes = 0 }: PostgresSight): boolean =>
    state === "answering" && role !== "old primary" && role !== undefined && behindBytes <= behindMaxBytes;
  return primaries.length === 1 && standbys.length > 0 && sights.every(isWell) ? "good" : "bad";
}

/** Where pods of any service stand: each service should have some in each of them. */
export function sitesOf(services: readonly ServiceSight[]): string[] {
  return [...new Set(services.flatMap(({ pods = [] }) => pods.flatMap(({ site }) => site ?? [])))].toSorted();
}

export function judgeService({ pods }: ServiceSight, sites: readonly string[]): Judgement {
  if (pods === undefined) return "unknown";
  const isMissing = (site: string): boolean => pods.every((pod) => pod.site !== undefined && pod.site !== site);
  if (sites.some(isMissing)) return "bad";
  const primaries = new Set(pods.flatMap(({ primary }) => primary ?? []));
  return pods.length > 0 && pods.every(({ state }) => state === "ready") && primaries.size <= 1 ? "good" : "bad";
}

function judgeRedis(sentinels: readonly SentinelSight[] | undefined): Judgement {
  if (!sentinels || sentinels.length === 0) return "unknown";
  const agreed = new Set(sentinels.map(({ primary }) => primary));
  const isWell = ({ state, primary, primaryDown, replicas = [] }: SentinelSight): boolean =>
    state === "answering" &&
    primary !== undefined &&
    !primaryDown &&
    replicas.length > 0 &&
    replicas.every(({ isDown, isLinked }) => !isDown && isLinked);
  return agreed.size === 1 && sentinels.every(isWell) ? "good" : "bad";
}

function judgeWatchers(watchers: readonly WatcherSight[] | undefined): Judgement {
  if (!watchers || watchers.length === 0) return "unknown";
  const primaries = new Set(watchers.map(({ primary }) => primary && `${primary.instance} ${primary.timeline}`));
  const isWell = ({ state, isOverruled, primary, instances = {} }: WatcherSight): boolean =>
    state === "ready" && isOverruled === false && primary !== undefined && Object.values(instances).every(Boolean);
  return primaries.size === 1 && watchers.every(isWell) ? "good" : "bad";
}

export function worst(judgements: readonly Judgement[]): Judgement {
  if (judgements.includes("bad")) return "bad";
  return judgements.length === 0 || judgements.includes("unknown") ? "unknown" : "good";
}
