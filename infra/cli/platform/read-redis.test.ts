import { describe, expect, it } from "vitest";
import type { RedisInstanceStatus } from "./platform-status.ts";
import { agreedPrimary, parseInfo } from "./read-redis.ts";

const instance = (name: string, role: RedisInstanceStatus["role"], sentinelPrimary: string | null): RedisInstanceStatus => ({
  name,
  site: "s",
  role,
  linked: null,
  sentinelPrimary,
});

describe("agreedPrimary", () => {
  it("is the one that says so itself and that most Sentinels name", () => {
    const instances = [
      instance("redis-0", "primary", "redis-1"),
      instance("redis-1", "primary", "redis-1"),
      instance("redis-2", "replica", "redis-1"),
    ];
    expect(agreedPrimary(instances)).toBe("redis-1");
  });

  it("is nobody without a majority, or when the named one is no primary", () => {
    expect(
      agreedPrimary([
        instance("redis-0", "primary", "redis-0"),
        instance("redis-1", "replica", null),
        instance("redis-2", "unknown", null),
      ]),
    ).toBeNull();
    expect(
      agreedPrimary([
        instance("redis-0", "replica", "redis-0"),
        instance("redis-1", "replica", "redis-0"),
        instance("redis-2", "replica", "redis-0"),
      ]),
    ).toBeNull();
  });
});

describe("parseInfo", () => {
  it("reads the lines of INFO", () => {
    expect(parseInfo("# Replication\r\nrole:slave\r\nmaster_link_status:up\r\nslave0:ip=10.0.0.1,port=1\r\n")).toEqual({
      role: "slave",
      master_link_status: "up",
      slave0: "ip=10.0.0.1,port=1",
    });
  });
});
