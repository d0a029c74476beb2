import { setTimeout as sleep } from "node:timers/promises";
import type { RedisConnection } from "../../lib/redis.ts";
import type { SessionRow } from "./store.ts";

/** An entry is believed for so long: a session that was closed while Redis was lost is over after it at the latest. */
const believedMs = 15_000;
/** Nobody waits longer for Redis; PostgreSQL knows it too. */
const patienceMs = 150;

/** Sessions in Redis, so that most requests need not ask PostgreSQL who is signed in. Its loss slows, and lets nobody in or out. */
export class SessionCache {
  readonly #redis: RedisConnection | undefined;

  constructor(redis: RedisConnection | undefined) {
    this.#redis = redis;
  }

  async get(id: Buffer): Promise<SessionRow | undefined> {
    const text = await this.#ask((redis) => redis.client.get(keyOf(id)));
    if (!text) return undefined;
    const { sealed, keptAtMs, ...row } = JSON.parse(text) as Omit<SessionRow, "sealed"> & { sealed: string; keptAtMs: number };
    // A replica that was promoted may hold what should be gone by now.
    return Date.now() - keptAtMs > believedMs ? undefined : { ...row, sealed: Buffer.from(sealed, "base64") };
  }

  async keep(id: Buffer, row: SessionRow): Promise<void> {
    const text = JSON.stringify({ ...row, sealed: row.sealed.toString("base64"), keptAtMs: Date.now() });
    await this.#ask((redis) => redis.client.set(keyOf(id), text, "PX", believedMs));
  }

  async forget(id: Buffer): Promise<void> {
    await this.#ask((redis) => redis.client.del(keyOf(id)));
  }

  async #ask<T>(question: (redis: RedisConnection) => Promise<T>): Promise<T | undefined> {
    const redis = this.#redis;
    if (!redis?.ready) return undefined;
    const late = Symbol("late");
    const answer = await Promise.race([
      question(redis).catch(() => undefined),
      sleep(patienceMs, late as unknown as undefined, { ref: false }),
    ]);
    return (answer as unknown) === late ? undefined : (answer as T | undefined);
  }
}

function keyOf(id: Buffer): string {
  return `portal:session:${id.toString("base64url")}`;
}
