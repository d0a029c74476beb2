import { setTimeout as sleep } from "node:timers/promises";
import type { RedisConnection } from "../../lib/redis.ts";

export interface RateLimiterOptions {
  redis: RedisConnection | undefined;
  /** Requests of one client in a window. */
  limit: number;
  windowMs: number;
  /** Pods that may serve at once: each lets its share through while Redis does not count for all. */
  pods: number;
  now?: () => number;
}

const clientsMax = 20_000;
const patienceMs = 150;
const shunMs = 2000;

/**
 * Counts requests by client in windows of time, in Redis for all pods together. While Redis does not answer, each pod counts for itself and
 * lets through what its share of the limit leaves after all it has let through in the window: together never more than twice the limit.
 */
export class RateLimiter {
  readonly #options: Required<RateLimiterOptions>;
  /** What this pod let through, in this window. */
  readonly #own = new Map<string, number>();
  #window = -1;
  #shunnedUntilMs = 0;

  constructor(options: RateLimiterOptions) {
    this.#options = { now: Date.now, ...options };
  }

  /** Undefined when the request may go on, else the seconds after which the client may come again. */
  async take(client: string): Promise<number | undefined> {
    const { limit, windowMs, pods, now } = this.#options;
    const at = now();
    const window = Math.floor(at / windowMs);
    if (window !== this.#window) {
      this.#window = window;
      this.#own.clear();
    }
    const own = this.#own.get(client) ?? 0;
    const counted = await this.#count(`exchange:rate:${window}:${client}`);
    const allowed = counted === undefined ? own < Math.max(1, Math.floor(limit / pods)) : counted <= limit;
    if (!allowed) return Math.max(1, Math.ceil(((window + 1) * windowMs - at) / 1000));
    if (this.#own.size < clientsMax || this.#own.has(client)) this.#own.set(client, own + 1);
    return undefined;
  }

  /** Undefined when Redis does not say soon; it is then left alone for a while, so that a frozen one delays nobody twice. */
  async #count(key: string): Promise<number | undefined> {
    const { redis, windowMs } = this.#options;
    if (!redis?.ready || performance.now() < this.#shunnedUntilMs) return undefined;
    const counting = redis.client
      .pipeline()
      .incr(key)
      .pexpire(key, windowMs * 2)
      .exec()
      .catch(() => undefined);
    const replies = await Promise.race([counting, sleep(patienceMs, undefined, { ref: false })]);
    const [error, count] = replies?.[0] ?? [];
    if (!error && typeof count === "number") return count;
    this.#shunnedUntilMs = performance.now() + shunMs;
    return undefined;
  }
}
