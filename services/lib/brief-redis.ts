import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import type { RedisConnection } from "./redis.ts";

const patienceMs = 150;
const shunMs = 2000;

/** Redis for what may be left out: it is asked briefly, and one that does not answer is left alone for a while, so that it delays nobody twice. */
export class BriefRedis {
  readonly #redis: RedisConnection | undefined;
  #shunnedUntilMs = 0;

  constructor(redis: RedisConnection | undefined) {
    this.#redis = redis;
  }

  /** Undefined when Redis does not say soon. */
  async ask<T>(command: (client: Redis) => Promise<T>): Promise<T | undefined> {
    if (!this.#redis?.ready || performance.now() < this.#shunnedUntilMs) return undefined;
    const asking = command(this.#redis.client).then(
      (value) => ({ value }),
      () => undefined,
    );
    const answer = await Promise.race([asking, sleep(patienceMs, undefined, { ref: false })]);
    if (answer) return answer.value;
    this.#shunnedUntilMs = performance.now() + shunMs;
    return undefined;
  }
}
