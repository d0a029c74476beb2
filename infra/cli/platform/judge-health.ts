/** Turns what was seen into reasons for not being healthy. Pure: the same platform always gives the same words. */
import type { PlatformStatus } from "./platform-status.ts";

type Seen = Omit<PlatformStatus, "healthy" | "reasons" | "unknown" | "checkedAt">;

/** A standby further behind than this is not a safe place to fail over to. */
const lagBytesMax = 16 * 1024 * 1024;

function list(names: readonly string[]): string {
  return names.join(", ");
}

function missing(what: string, { instances, desired }: { instances: readonly unknown[]; desired: number }): string[] {
  return instances.length < desired ? [`${what}: ${instances.length} of ${desired} instances`] : [];
}

function judgeNodes(seen: Seen): string[] {
  if (seen.sites.length === 0) return ["no nodes: the cluster is empty"];
  return seen.sites.flatMap((site) => {
    const down = site.nodes.filter((node) => !node.ready).map((node) => node.name);
    if (down.length === 0) return [];
    return down.length === site.nodes.length
      ? [`${site.name} is down: ${list(down)} not ready`]
      : [`${site.name}: ${list(down)} not ready`];
  });
}

function judgePostgres({ postgres }: Seen): string[] {
  if (postgres.instances.length === 0) return ["PostgreSQL: no instances"];
  const reasons = missing("PostgreSQL", postgres);
  const primaries = postgres.instances.filter((instance) => instance.role === "primary");
  if (primaries.length === 0) reasons.push("PostgreSQL: no primary");
  if (primaries.length > 1)
    reasons.push(`PostgreSQL: ${primaries.length} instances call themselves primary: ${list(primaries.map(({ name }) => name))}`);
  for (const instance of postgres.instances) {
    if (instance.role === "unknown") reasons.push(`PostgreSQL: ${instance.name} (${instance.site}) does not answer`);
    else if (!instance.ready) reasons.push(`PostgreSQL: ${instance.name} (${instance.site}) is not ready`);
    else if (instance.role === "standby" && primaries.length === 1 && instance.sync === null) {
      reasons.push(`PostgreSQL: ${instance.name} (${instance.site}) is not streaming from ${primaries[0]?.name}`);
    } else if ((instance.lagBytes ?? 0) > lagBytesMax) {
      reasons.push(`PostgreSQL: ${instance.name} (${instance.site}) is ${Math.round((instance.lagBytes ?? 0) / 1024 / 1024)} MiB behind`);
    }
  }
  return reasons;
}

function judgeWatchers({ watchers }: Seen): string[] {
  if (watchers.length === 0) return ["watchers: none"];
  return watchers.filter(({ ready }) => !ready).map(({ site }) => `watchers: the one in ${site} is not ready`);
}

function judgeRedis({ redis }: Seen): string[] {
  if (redis.instances.length === 0) return ["Redis: no instances"];
  const reasons = missing("Redis", redis);
  if (redis.primary === null) reasons.push("Redis: no primary that the Sentinels agree on");
  for (const instance of redis.instances) {
    if (instance.role === "unknown") reasons.push(`Redis: ${instance.name} (${instance.site}) does not answer`);
    if (instance.role === "replica" && instance.linked === false)
      reasons.push(`Redis: ${instance.name} (${instance.site}) has lost its primary`);
    if (instance.sentinelPrimary === null) reasons.push(`Redis: the Sentinel of ${instance.name} (${instance.site}) does not answer`);
    else if (redis.primary !== null && instance.sentinelPrimary !== redis.primary) {
      reasons.push(`Redis: the Sentinel of ${instance.name} takes ${instance.sentinelPrimary} for the primary`);
    }
  }
  return reasons;
}

function judgeEdge({ edge, endpoints }: Seen): string[] {
  if (edge.instances.length === 0) return ["edge: no instances"];
  const notReady = edge.instances.filter(({ ready }) => !ready).map(({ name, site }) => `edge: ${name} (${site}) is not ready`);
  const reasons = [...missing("edge", edge), ...notReady];
  const holders = edge.instances.filter(({ holdsAddress }) => holdsAddress === true);
  if (edge.virtualIp !== null) {
    if (holders.length === 0) reasons.push(`edge: nobody seen holding ${edge.virtualIp}`);
    if (holders.length > 1) reasons.push(`edge: ${list(holders.map(({ name }) => name))} all hold ${edge.virtualIp}`);
  }
  if (!edge.answers) reasons.push(`edge: ${endpoints.fhir} does not answer`);
  return reasons;
}

function judgeServices(seen: Seen): string[] {
  if (seen.services.length === 0) return ["services: none"];
  const short = [...seen.services, ...seen.operators].filter(({ ready, desired }) => ready < desired);
  return short.map(({ name, ready, desired }) => `${name}: ${ready} of ${desired} replicas ready`);
}

/** Every reason why the platform is not in full health; none when it is. Loss of redundancy counts: the next fault must be survivable too. */
export function judgeHealth(seen: Seen): string[] {
  return [judgeNodes, judgePostgres, judgeWatchers, judgeRedis, judgeEdge, judgeServices].flatMap((judge) => judge(seen));
}
