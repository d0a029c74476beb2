import { describe, expect, it } from "vitest";
import { promises } from "../promises.ts";
import { requirements } from "../report/tier-iv.ts";
import { allDrills } from "./catalogue.ts";

const names = allDrills.map(({ name }) => name);

describe("the drills", () => {
  it("have names of their own that are folders everywhere and short enough to mark a run", () => {
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
    expect(Math.max(...names.map(({ length }) => length))).toBeLessThan(40);
  });

  it("each break something, for as long as it takes to see it", () => {
    for (const { name, faults, checks } of allDrills) {
      expect(faults.length, name).toBeGreaterThan(0);
      expect(
        checks.map((check) => check.name),
        name,
      ).toEqual(expect.arrayContaining(["availability", "stall", "durability", "consistency", "split-brain", "audit", "redundancy"]));
      // Seen within two seconds; where nothing can be acknowledged meanwhile, it must be over before the clients give up.
      for (const { lastsS } of faults) expect(lastsS === 0 || lastsS >= 5, `${name} lasts ${lastsS} s`).toBe(true);
    }
  });

  it("stand in every row of the promises", () => {
    const rows = new Set(allDrills.map(({ promise }) => promise.row));
    expect([...rows].sort()).toEqual(
      Object.values(promises)
        .map(({ row }) => row)
        .sort(),
    );
  });

  it("have a short set of pod, primary, node, site, edge and Redis", () => {
    expect(allDrills.filter(({ short }) => short).map(({ name }) => name)).toEqual([
      "service-pod-kill",
      "redis-primary-kill",
      "edge-kill",
      "primary-pod-kill",
      "node-kill",
      "site-kill",
    ]);
  });

  it("watch somebody beside the load where a service is hit that the load does not use", () => {
    const walks = Object.fromEntries(
      allDrills.flatMap(({ name, walks = [] }) => (walks.length > 0 ? [[name, walks.map((walk) => walk.name)]] : [])),
    );
    expect(walks).toEqual({
      "identity-pod-kill": ["signed-in"],
      "exchange-pod-kill": ["messages"],
      "portal-pod-kill": ["signed-in", "at-work"],
      "other-services-roll": ["signed-in", "messages"],
      "message-edge-kill": ["messages"],
      "subscription-primary-kill": ["subscription"],
      "portal-node-kill": ["at-work"],
      "site-kill": ["signed-in"],
      "portal-site-kill": ["at-work"],
    });
  });

  it("have walks whose names are no checks' names, so that each has its own line", () => {
    for (const { name, checks, walks = [] } of allDrills) {
      const lines = [...checks, ...walks].map((check) => check.name);
      expect(new Set(lines).size, name).toBe(lines.length);
    }
  });

  it("prove each requirement of Tier IV", () => {
    for (const { requirement, drills } of requirements) for (const drill of drills) expect(names, requirement).toContain(drill);
  });
});
