import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { deriveTopology, type Element, majority, members, type Topology, TopologyError } from "./topology.ts";

const zoneNames = { a: "north", b: "south", witness: "west" };
const settings = fc.record({
  sites: fc.constant(zoneNames),
  replicasPerSite: fc.integer({ min: 1, max: 8 }),
  instancesPerSite: fc.integer({ min: 1, max: 4 }),
});

/** A cluster: how many nodes each zone has, enough for members that may not share one. */
const nodesPerZone = fc.record({
  north: fc.integer({ min: 4, max: 6 }),
  south: fc.integer({ min: 4, max: 6 }),
  west: fc.integer({ min: 1, max: 3 }),
});

/** Puts an element's members on nodes as the scheduler may: any node of the right zone, never two on one node unless they may share. */
function place(element: Element, nodes: Record<string, number>, seed: number): string[] {
  return Object.entries(element.placement).flatMap(([zone, count]) =>
    Array.from({ length: count }, (_, index) => {
      const offset = element.sharesNodes ? (seed * (index + 7)) % (nodes[zone] ?? 1) : (seed + index) % (nodes[zone] ?? 1);
      return `${zone}/${offset}`;
    }),
  );
}

function survivors(placed: string[], lost: (node: string) => boolean): number {
  return placed.filter((node) => !lost(node)).length;
}

describe("deriveTopology", () => {
  it("gives the lab's numbers", () => {
    const topology = deriveTopology({ sites: zoneNames, replicasPerSite: 2, instancesPerSite: 1 });
    expect(topology.postgres).toEqual({ instances: 3, placement: { north: 1, south: 1, west: 1 }, synchronousStandbys: 1 });
    expect(topology.serviceReplicas).toBe(4);
    expect(topology.redis.sentinelQuorum).toBe(2);
  });

  it("gives 2/2/1 and two synchronous standbys for two instances a site", () => {
    const topology = deriveTopology({ sites: zoneNames, replicasPerSite: 2, instancesPerSite: 2 });
    expect(topology.postgres).toEqual({ instances: 5, placement: { north: 2, south: 2, west: 1 }, synchronousStandbys: 2 });
  });

  it("refuses zones that are not three, naming every broken relation", () => {
    const derive = () => deriveTopology({ sites: { a: "x", b: "x", witness: "y" }, replicasPerSite: 2, instancesPerSite: 1 });
    expect(derive).toThrow(TopologyError);
    expect(derive).toThrow(/three different zones[\s\S]*etcd/);
  });

  it("keeps every quorum whatever whole zone is lost", () => {
    fc.assert(
      fc.property(settings, nodesPerZone, fc.nat(99), fc.nat(2), (chosen, nodes, seed, zoneIndex) => {
        const topology = deriveTopology(chosen);
        const zone = topology.zones[zoneIndex] as string;
        for (const element of topology.elements) {
          expect(
            survivors(place(element, nodes, seed), (node) => node.startsWith(`${zone}/`)),
            element.name,
          ).toBeGreaterThanOrEqual(element.quorum);
        }
      }),
    );
  });

  it("keeps every quorum whatever node is lost, wherever the scheduler put the members", () => {
    fc.assert(
      fc.property(settings, nodesPerZone, fc.nat(99), fc.nat(2), fc.nat(5), (chosen, nodes, seed, zoneIndex, nodeIndex) => {
        const topology = deriveTopology(chosen);
        const node = `${topology.zones[zoneIndex]}/${nodeIndex}`;
        for (const element of topology.elements) {
          expect(
            survivors(place(element, nodes, seed), (candidate) => candidate === node),
            element.name,
          ).toBeGreaterThanOrEqual(element.quorum);
        }
      }),
    );
  });

  it("never loses an acknowledged write with a zone, and lets the failover quorum decide", () => {
    fc.assert(
      fc.property(settings, fc.nat(2), (chosen, zoneIndex) => {
        const topology = deriveTopology(chosen);
        expectDurable(topology, topology.zones[zoneIndex] as string);
      }),
    );
  });

  it("keeps the number of members odd where a majority decides", () => {
    const topology = deriveTopology({ sites: zoneNames, replicasPerSite: 2, instancesPerSite: 1 });
    for (const name of ["etcd", "sentinel", "watcher"]) {
      const element = topology.elements.find((candidate) => candidate.name === name) as Element;
      expect(members(element) % 2).toBe(1);
      expect(element.quorum).toBe(majority(members(element)));
    }
  });
});

/** The primary's zone is lost, and the commit stood on the primary and on every standby that shares its zone. */
function expectDurable(topology: Topology, lostZone: string): void {
  const { instances, placement, synchronousStandbys } = topology.postgres;
  const copies = 1 + synchronousStandbys;
  const lostInstances = placement[lostZone] ?? 0;
  expect(copies - Math.min(copies, lostInstances)).toBeGreaterThanOrEqual(1);
  // CloudNativePG promotes only when the standbys left + the synchronous number > all standbys.
  const standbys = instances - 1;
  const standbysLeft = standbys - (lostInstances - 1);
  expect(standbysLeft + synchronousStandbys).toBeGreaterThan(standbys);
}
