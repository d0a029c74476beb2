import { describe, expect, it } from "vitest";
import { RateLimiter } from "./rate-limiter.ts";
import type { RedisConnection } from "./redis.ts";

/** A Redis that counts, until it is lost. */
function counting(): { redis: RedisConnection; lose(): void } {
  const counts = new Map<string, number>();
  let ready = true;
  const client = {
    pipeline: () => ({
      incr: (key: string) => ({
        pexpire: () => ({
          exec: async () => {
            counts.set(key, (counts.get(key) ?? 0) + 1);
            return [[null, counts.get(key)]];
          },
        }),
      }),
    }),
  };
  const redis = {
    client,
    suspect: () => {},
    get ready() {
      return ready;
    },
  } as unknown as RedisConnection;
  return {
    redis,
    lose: () => {
      ready = false;
    },
  };
}

async function through(limiters: readonly RateLimiter[], rounds: number): Promise<number> {
  let count = 0;
  for (let round = 0; round < rounds; round++) for (const limiter of limiters) if ((await limiter.take("client")) === undefined) count++;
  return count;
}

describe("the limit of a client's requests", () => {
  it("is one for all pods, and begins anew with the window", async () => {
    const { redis } = counting();
    let now = 0;
    const pods = Array.from(
      { length: 4 },
      () => new RateLimiter({ redis, name: "test", limit: 20, windowMs: 60_000, pods: 4, now: () => now }),
    );
    expect(await through(pods, 20)).toBe(20);
    now = 45_500;
    expect(await pods[0]?.take("client")).toBe(15);
    expect(await pods[0]?.take("another")).toBeUndefined();
    now = 60_000;
    expect(await through(pods, 20)).toBe(20);
  });

  it("is never more than doubled when Redis is lost in the middle, and holds without Redis", async () => {
    const { redis, lose } = counting();
    const pods = Array.from(
      { length: 4 },
      () => new RateLimiter({ redis, name: "test", limit: 20, windowMs: 60_000, pods: 4, now: () => 0 }),
    );
    const before = await through(pods.slice(0, 1), 20);
    lose();
    expect(before + (await through(pods, 50))).toBeLessThanOrEqual(40);
    const alone = Array.from(
      { length: 4 },
      () => new RateLimiter({ redis: undefined, name: "test", limit: 20, windowMs: 60_000, pods: 4, now: () => 0 }),
    );
    expect(await through(alone, 50)).toBe(20);
  });

  it("is none while Redis is lost where nobody is to be held up for nothing", async () => {
    const { redis, lose } = counting();
    const pod = new RateLimiter({ redis, name: "test", limit: 2, windowMs: 60_000, now: () => 0 });
    expect(await through([pod], 5)).toBe(2);
    lose();
    expect(await through([pod], 5)).toBe(5);
  });
});
