import { describe, expect, it } from "vitest";
import { judgeHealth } from "./judge-health.ts";

type Seen = Parameters<typeof judgeHealth>[0];

function healthyPlatform(): Seen {
  const node = (name: string, role: string) => ({ name, ready: true, roles: [role] });
  const sites = ["site-a", "site-b", "witness"];
  return {
    sites: [
      { name: "site-a", nodes: [node("cp1", "control-plane"), node("w1", "worker")] },
      { name: "site-b", nodes: [node("cp2", "control-plane"), node("w3", "worker")] },
      { name: "witness", nodes: [node("cp3", "control-plane")] },
    ],
    postgres: {
      primary: "pg-1",
      desired: 3,
      instances: sites.map((site, index) => ({
        name: `pg-${index + 1}`,
        site,
        role: index === 0 ? ("primary" as const) : ("standby" as const),
        lagBytes: 0,
        sync: index === 0 ? null : "quorum",
        ready: true,
      })),
    },
    backups: [],
    watchers: sites.map((site) => ({ site, ready: true })),
    redis: {
      primary: "redis-0",
      desired: 3,
      instances: sites.map((site, index) => ({
        name: `redis-${index}`,
        site,
        role: index === 0 ? ("primary" as const) : ("replica" as const),
        linked: index === 0 ? null : true,
        sentinelPrimary: "redis-0",
      })),
    },
    edge: {
      virtualIp: "192.0.2.1",
      holder: "edge-a",
      desired: 2,
      instances: [
        { name: "edge-a", site: "site-a", node: "w1", ready: true, holdsAddress: true },
        { name: "edge-b", site: "site-b", node: "w3", ready: true, holdsAddress: false },
      ],
      answers: true,
    },
    services: [{ name: "record", ready: 4, desired: 4, sites: [] }],
    operators: [{ name: "cnpg-controller-manager", ready: 2, desired: 2 }],
    endpoints: { fhir: "https://192.0.2.1/fhir", ca: "/ca.pem" },
  };
}

function change(edit: (seen: Seen) => void): string[] {
  const seen = healthyPlatform();
  edit(seen);
  return judgeHealth(seen);
}

function first<T>(list: readonly T[], index = 0): T {
  const found = list[index];
  if (found === undefined) throw new Error(`nothing at ${index}`);
  return found;
}

describe("judgeHealth", () => {
  it("finds nothing wrong with a platform in full health", () => {
    expect(judgeHealth(healthyPlatform())).toEqual([]);
  });

  it.each<[string, (seen: Seen) => void, string]>([
    ["a node", (seen) => Object.assign(first(first(seen.sites).nodes, 1), { ready: false }), "site-a: w1 not ready"],
    [
      "a site",
      (seen) => {
        for (const node of first(seen.sites, 1).nodes) node.ready = false;
      },
      "site-b is down: cp2, w3 not ready",
    ],
    [
      "an instance",
      (seen) => {
        seen.postgres.instances.pop();
      },
      "PostgreSQL: 2 of 3 instances",
    ],
    ["a primary", (seen) => Object.assign(first(seen.postgres.instances), { role: "unknown" }), "PostgreSQL: no primary"],
    [
      "a stream",
      (seen) => Object.assign(first(seen.postgres.instances, 1), { sync: null }),
      "PostgreSQL: pg-2 (site-b) is not streaming from pg-1",
    ],
    [
      "a standby far behind",
      (seen) => Object.assign(first(seen.postgres.instances, 2), { lagBytes: 1 << 30 }),
      "PostgreSQL: pg-3 (witness) is 1024 MiB behind",
    ],
    ["a watcher", (seen) => Object.assign(first(seen.watchers, 2), { ready: false }), "watchers: the one in witness is not ready"],
    [
      "a Sentinel's agreement",
      (seen) => Object.assign(first(seen.redis.instances, 1), { sentinelPrimary: "redis-1" }),
      "Redis: the Sentinel of redis-1 takes redis-1 for the primary",
    ],
    [
      "a replica's link",
      (seen) => Object.assign(first(seen.redis.instances, 1), { linked: false }),
      "Redis: redis-1 (site-b) has lost its primary",
    ],
    ["the address", (seen) => Object.assign(first(seen.edge.instances), { holdsAddress: false }), "edge: nobody seen holding 192.0.2.1"],
    ["a service replica", (seen) => Object.assign(first(seen.services), { ready: 3 }), "record: 3 of 4 replicas ready"],
    ["an operator", (seen) => Object.assign(first(seen.operators), { ready: 1 }), "cnpg-controller-manager: 1 of 2 replicas ready"],
  ])("says so when it lacks %s", (_what, edit, reason) => {
    expect(change(edit)).toContain(reason);
  });

  it("never calls two of one thing healthy: primaries, holders of the address", () => {
    expect(change((seen) => Object.assign(first(seen.postgres.instances, 1), { role: "primary" })).join()).toMatch(
      /2 instances call themselves primary: pg-1, pg-2/,
    );
    expect(change((seen) => Object.assign(first(seen.edge.instances, 1), { holdsAddress: true })).join()).toMatch(
      /edge-a, edge-b all hold/,
    );
  });

  it("does not call an empty cluster healthy", () => {
    const empty = change((seen) =>
      Object.assign(seen, {
        sites: [],
        services: [],
        watchers: [],
        postgres: { primary: null, desired: 3, instances: [] },
        redis: { primary: null, desired: 3, instances: [] },
      }),
    );
    expect(empty).toEqual(
      expect.arrayContaining([
        "no nodes: the cluster is empty",
        "PostgreSQL: no instances",
        "Redis: no instances",
        "services: none",
        "watchers: none",
      ]),
    );
  });
});
