import { Redis } from "ioredis";
import { instanceName } from "../../lib/database/instance.ts";
import type { Host } from "../../lib/database/resolve-hosts.ts";
import type { RedisTls } from "../../lib/redis.ts";
import type { Inquirer } from "./inquirer.ts";
import type { SentinelSight } from "./sights.ts";

const patienceMs = 900;

/** What the Sentinels watch, and how they are spoken to. */
export interface WatchedRedis {
  primaryName: string;
  tls: RedisTls | undefined;
}

/** One Sentinel, by the questions that it answers anybody (charts/redis): who is primary, and which replicas follow. */
export async function askSentinel(inquirer: Inquirer, { name, port }: Host, { primaryName, tls }: WatchedRedis): Promise<SentinelSight> {
  const [host] = (await inquirer.addresses(name)) ?? [];
  const silent: SentinelSight = { name: shortName(name, port), state: "silent" };
  if (host === undefined) return silent;
  const client = new Redis({
    ...{ host, port, lazyConnect: true, connectTimeout: patienceMs, commandTimeout: patienceMs, maxRetriesPerRequest: 0 },
    ...{ enableReadyCheck: false, retryStrategy: () => null },
    ...(tls ? { tls } : {}),
  });
  client.on("error", () => {
    // Told by the call that it fails.
  });
  // A Sentinel that takes the connection and says nothing.
  const limit = setTimeout(() => client.disconnect(), 2 * patienceMs);
  try {
    await client.connect();
    const [primaries, replicas] = await Promise.all([client.call("SENTINEL", "MASTERS"), client.call("SENTINEL", "REPLICAS", primaryName)]);
    return { ...silent, state: "answering", ...parseSentinel(primaries, replicas, primaryName) };
  } catch {
    return silent;
  } finally {
    clearTimeout(limit);
    client.disconnect();
  }
}

/** `redis-0.redis.dsp.svc` is `redis-0`; an address stays whole. */
function shortName(name: string, port: number): string {
  return /^[a-z]/.test(name) ? (name.split(".")[0] ?? name) : `${name}:${port}`;
}

/** Sentinel's answers are lists of fields: name, value, name, value, … */
export function parseSentinel(primaries: unknown, replicas: unknown, primaryName: string): Partial<SentinelSight> {
  const primary = recordsOf(primaries).find(({ name }) => name === primaryName);
  if (!primary) return {};
  return {
    primary: addressOf(primary),
    primaryDown: isDown(primary),
    replicas: recordsOf(replicas).map((replica) => ({
      address: addressOf(replica),
      isDown: isDown(replica),
      isLinked: replica["master-link-status"] === "ok",
    })),
  };
}

function recordsOf(answer: unknown): Record<string, string>[] {
  return (Array.isArray(answer) ? answer : []).map((fields: unknown) => {
    const list = Array.isArray(fields) ? fields.map(String) : [];
    return Object.fromEntries(list.flatMap((value, place) => (place % 2 === 1 ? [[list[place - 1] ?? "", value]] : [])));
  });
}

function addressOf({ ip = "", port = "" }: Record<string, string>): string {
  return instanceName({ address: ip, port: Number(port) });
}

function isDown({ flags = "" }: Record<string, string>): boolean {
  return /(^|,)(s_down|o_down|disconnected)(,|$)/.test(flags);
}
