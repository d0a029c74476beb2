import { BriefRedis } from "./brief-redis.ts";
import type { RedisConnection } from "./redis.ts";

export interface RateLimiterOptions {
  redis: RedisConnection | undefined;
  /** What is counted, apart from everything else that is: `exchange`. */
  name: string;
  /** Requests of one client in a window. */
  limit: number;
  windowMs: number;
  /** Pods that may serve at once: each lets its share through while Redis does not count for all. Without it nothing is limited then. */
  pods?: number;
  now?: () => number;
}

const clientsMax = 20_000;

/**
 * Counts requests by client in windows of time, in Redis for all pods together. While Redis does not answer, each pod counts for itself and
 * lets through what its share of the limit leaves after all it has let through in the window: together never more than twice the limit. Where
 * being held up for nothing would be worse (`pods` not given), it lets everything through.
 */
export class RateLimiter {
  readonly #options: RateLimiterOptions & { now: () => number };
  readonly #redis: BriefRedis;
  /** What this pod let through, in this window. */
  readonly #own = new Map<string, number>();
  #window = -1;

  constructor(options: RateLimiterOptions) {
    this.#options = { now: Date.now, ...options };
    this.#redis = new BriefRedis(options.redis);
  }

  /** Undefined when the request may go on, else the seconds after which the client may come again. */
  async take(client: string): Promise<number | undefined> {
    const { name, limit, windowMs, pods, now } = this.#options;
    const at = now();
    const window = Math.floor(at / windowMs);
    if (window !== this.#window) {
      this.#window = window;
      this.#own.clear();
    }
    const own = this.#own.get(client) ?? 0;
    const counted = await this.#count(`${name}:rate:${window}:${client}`);
    const share = pods === undefined ? Number.POSITIVE_INFINITY : Math.max(1, Math.floor(limit / pods));
    const allowed = counted === undefined ? own < share : counted <= limit;
    if (!allowed) return Math.max(1, Math.ceil(((window + 1) * windowMs - at) / 1000));
    if (this.#own.size < clientsMax || this.#own.has(client)) this.#own.set(client, own + 1);
    return undefined;
  }

  /** Undefined when Redis does not say soon. */
  async #count(key: string): Promise<number | undefined> {
    const { windowMs } = this.#options;
    const replies = await this.#redis.ask((client) =>
      client
        .pipeline()
        .incr(key)
        .pexpire(key, windowMs * 2)
        .exec(),
    );
    const [error, count] = replies?.[0] ?? [];
    return !error && typeof count === "number" ? count : undefined;
  }
}
