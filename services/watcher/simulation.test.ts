/**
 * The protocol against a model of everything around it (testing/), in virtual time, by the thousand. DSP_WATCHER_SCHEDULES sets how many
 * schedules run, DSP_WATCHER_SEED where they start; DSP_WATCHER_LOG=1 with one schedule prints what happened.
 */
import { describe, expect, it } from "vitest";
import { runSchedule, runSleepyLeader } from "./testing/schedule.ts";
import type { Sabotage } from "./testing/simulated-watcher.ts";
import { sites, World, type WorldOptions } from "./testing/world.ts";

const schedules = Number(process.env.DSP_WATCHER_SCHEDULES ?? 1500);
const firstSeed = Number(process.env.DSP_WATCHER_SEED ?? 1);
const log = process.env.DSP_WATCHER_LOG ? { log: (line: string) => console.log(line) } : {};
const limitMs = 60_000 + schedules * 60;

async function expectNone(run: (options: WorldOptions) => Promise<string[]>, instances: 3 | 5, count: number): Promise<void> {
  for (let seed = firstSeed; seed < firstSeed + count; seed++) {
    expect(await run({ seed, instances, ...log }), `DSP_WATCHER_SEED=${seed}, ${instances} instances`).toEqual([]);
  }
}

async function firstViolation(
  run: (options: WorldOptions) => Promise<string[]>,
  sabotage: Sabotage,
  count: number,
): Promise<string | undefined> {
  for (let seed = 1; seed <= count; seed++) {
    const [violation] = await run({ seed, instances: 3, sabotage });
    if (violation) return violation;
  }
  return undefined;
}

describe("random schedules of faults", () => {
  it("lose no acknowledged write with three instances", () => expectNone(runSchedule, 3, schedules), limitMs);
  it("lose no acknowledged write with five instances", () => expectNone(runSchedule, 5, Math.ceil(schedules / 5)), limitMs);
  it("lose none when a leader wakes up late", () => expectNone(runSleepyLeader, 3, 20), limitMs);
});

describe("the simulation finds what it is for", () => {
  const lost = /acknowledges (on timeline \d+ without|write)|lacks what/;

  it("a fence too few", async () => {
    expect(await firstViolation(runSchedule, { fencesTooFew: true }, 4000)).toMatch(lost);
  }, 120_000);

  it("WAL read before the fence stands", async () => {
    expect(await firstViolation(runSchedule, { readsBeforeFencing: true }, 4000)).toMatch(lost);
  }, 120_000);

  it("a promotion that does not look at the marker", async () => {
    expect(await firstViolation(runSleepyLeader, { unguardedPromotion: true }, 50)).toMatch(lost);
  }, 120_000);
});

interface SingleFault {
  readonly name: string;
  readonly pauseMaxMs: number;
  readonly inject: (world: World) => void;
  readonly heal?: (world: World) => void;
}

const faults: readonly SingleFault[] = [
  {
    name: "primary killed",
    pauseMaxMs: 3000,
    inject: (world) => world.killInstance(world.instances[0] as never, 4000),
  },
  {
    name: "primary frozen",
    pauseMaxMs: 5000,
    inject: (world) => world.instances[0]?.freeze(),
    heal: (world) => world.instances[0]?.thaw(),
  },
  {
    name: "the primary's site cut off",
    pauseMaxMs: 5000,
    inject: (world) => world.cutSite("site-a"),
    heal: (world) => world.network.heal(),
  },
  {
    name: "the primary's site killed",
    pauseMaxMs: 5000,
    inject: (world) => {
      world.cutSite("site-a");
      world.killWatcher("site-a");
      world.killInstance(world.instances[0] as never, 8000);
    },
    heal: (world) => {
      world.network.heal();
      world.startWatcher("site-a");
    },
  },
  ...["site-b", "witness"].map((site) => ({
    name: `${site} cut off`,
    pauseMaxMs: 3000,
    inject: (world: World) => world.cutSite(site),
    heal: (world: World) => world.network.heal(),
  })),
  ...sites.map((site) => ({
    name: `the watcher of ${site} lost`,
    pauseMaxMs: 1000,
    inject: (world: World) => world.killWatcher(site),
    heal: (world: World) => world.startWatcher(site),
  })),
  {
    name: "a planned move",
    pauseMaxMs: 2000,
    inject: (world) => world.operator.ask(),
  },
  {
    name: "the API away",
    pauseMaxMs: 1000,
    inject: (world) => world.operator.setApi(false),
    heal: (world) => world.operator.setApi(true),
  },
  {
    name: "the API away and the primary killed",
    pauseMaxMs: 5000,
    inject: (world) => {
      world.operator.setApi(false);
      world.killInstance(world.instances[0] as never, 2000);
    },
    heal: (world) => world.operator.setApi(true),
  },
];

describe("a single fault", () => {
  for (const { name, pauseMaxMs, inject, heal } of faults) {
    it(`${name}: writes go on soon, and in the end no fence is left`, async () => {
      for (let seed = firstSeed; seed < firstSeed + 15; seed++) {
        const world = new World({ seed, instances: 3, ...log });
        await world.time.run(6000 + world.random.between(0, 500));
        const started = world.lastAcknowledgedMs;
        expect(started).toBeGreaterThan(5000);
        inject(world);
        await world.time.run(world.time.nowMs + 8000);
        heal?.(world);
        await world.time.run(30_000, () => world.time.nowMs > 16_000 && world.atRest);
        const seen = `DSP_WATCHER_SEED=${seed}: pause ${Math.round(world.longestPauseMs)} ms`;
        expect(world.violations, seen).toEqual([]);
        expect(world.longestPauseMs, seen).toBeLessThan(pauseMaxMs);
        expect(world.time.nowMs - world.lastAcknowledgedMs, seen).toBeLessThan(1500);
        expect(world.atRest, seen).toBe(true);
        for (const watcher of world.watchers.values()) watcher.process.kill();
      }
    }, 60_000);
  }
});

describe("a site that alone does not reach the primary", () => {
  const overruled = (world: World): string[] => sites.filter((site) => world.watchers.get(site)?.watcher.overruled);

  it("is told apart from a primary that is lost, and only it", async () => {
    for (let seed = firstSeed; seed < firstSeed + 15; seed++) {
      const world = new World({ seed, instances: 3, ...log });
      await world.time.run(6000 + world.random.between(0, 500));
      const primary = world.primary()?.member.site ?? "site-a";
      const cutOff = primary === "site-b" ? "site-a" : "site-b";
      for (const link of [world.network.link(primary, cutOff), world.network.link(cutOff, primary)]) link.cut = true;
      await world.time.run(world.time.nowMs + 6000);
      expect(overruled(world), `DSP_WATCHER_SEED=${seed}`).toEqual([cutOff]);
      world.network.heal();
      await world.time.run(world.time.nowMs + 3000);
      expect(overruled(world), `DSP_WATCHER_SEED=${seed}`).toEqual([]);
      expect(world.violations).toEqual([]);
      for (const watcher of world.watchers.values()) watcher.process.kill();
    }
  }, 60_000);

  it("is nobody where the others only notice later that the primary is lost", async () => {
    for (let seed = firstSeed; seed < firstSeed + 30; seed++) {
      const world = new World({ seed, instances: 3, ...log });
      await world.time.run(6000 + world.random.between(0, 500));
      const primary = world.primary();
      if (!primary) throw new Error("no primary");
      const lastMs = world.random.between(600, 1400);
      const others = sites.filter((site) => site !== primary.member.site);
      for (const site of others) Object.assign(world.network.link(primary.member.site, site), { slowMs: lastMs });
      world.killInstance(primary, 20_000);
      const untilMs = world.time.nowMs + 6000;
      while (world.time.nowMs < untilMs) {
        await world.time.run(world.time.nowMs + 50);
        expect(overruled(world), `DSP_WATCHER_SEED=${seed}`).toEqual([]);
      }
      for (const watcher of world.watchers.values()) watcher.process.kill();
    }
  }, 60_000);

  it("is nobody while a primary is lost", async () => {
    for (let seed = firstSeed; seed < firstSeed + 15; seed++) {
      const world = new World({ seed, instances: 3, ...log });
      await world.time.run(6000 + world.random.between(0, 500));
      world.cutSite("site-a");
      const untilMs = world.time.nowMs + 6000;
      while (world.time.nowMs < untilMs) {
        await world.time.run(world.time.nowMs + 200);
        expect(overruled(world), `DSP_WATCHER_SEED=${seed}`).toEqual([]);
      }
      for (const watcher of world.watchers.values()) watcher.process.kill();
    }
  }, 60_000);
});
