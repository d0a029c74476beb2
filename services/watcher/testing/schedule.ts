import { sites, World, type WorldOptions } from "./world.ts";

const steadyMs = 4500;
const faultsMs = 9000;
const endMs = 18_000;

/** Runs one random schedule of faults. @returns the violations found */
export async function runSchedule(options: WorldOptions): Promise<string[]> {
  const world = new World({ operatorDelayMs: 5000, ...options });
  const { random, time } = world;
  const count = 1 + Math.floor(random.next() * 5);
  for (let number = 0; number < count; number++) {
    // Often all at once: that is when things go wrong.
    const atMs = steadyMs + (random.chance(0.5) ? random.between(0, 400) : random.between(0, faultsMs));
    time.after(atMs, () => inject(world, random.pick(faults), random.between(200, 8000), options));
  }
  time.after(steadyMs + faultsMs + 1500, () => {
    world.network.heal();
    world.operator.setApi(true);
    for (const instance of world.instances) instance.thaw();
  });
  await time.run(endMs, () => world.violations.length > 0);
  if (world.violations.length === 0) world.checkEnd();
  for (const watcher of world.watchers.values()) watcher.process.kill();
  return world.violations;
}

/**
 * A leader falls asleep about to promote, while the API is away; the primary was only slow and goes on once the others have lifted the
 * fences. When the leader wakes up, nothing may come of it.
 */
export async function runSleepyLeader(options: WorldOptions): Promise<string[]> {
  const world = new World(options);
  const { random, time } = world;
  await time.run(4500 + random.between(0, 300));
  world.operator.setApi(false);
  const primary = world.primary();
  primary?.freeze();
  for (const watcher of world.watchers.values()) watcher.freezeAt = { steps: "promotion", durationMs: 11_000 + random.between(0, 2000) };
  await time.run(time.nowMs + 3900);
  for (const watcher of world.watchers.values()) watcher.freezeAt = undefined;
  primary?.thaw();
  world.operator.setApi(true);
  await time.run(26_000, () => world.violations.length > 0);
  if (world.violations.length === 0) world.checkEnd();
  for (const watcher of world.watchers.values()) watcher.process.kill();
  return world.violations;
}

type Fault = (world: World, durationMs: number) => string;

function inject(world: World, fault: Fault, durationMs: number, options: WorldOptions): void {
  const what = fault(world, durationMs);
  options.log?.(`${Math.round(world.time.nowMs)} FAULT ${what} for ${Math.round(durationMs)} ms`);
}

const killPrimary: Fault = (world, durationMs) => {
  const primary = world.primary();
  if (primary) world.killInstance(primary, durationMs);
  return `${primary?.member.name} (primary) killed`;
};

const freezePrimary: Fault = (world, durationMs) => {
  const primary = world.primary();
  primary?.freeze();
  world.time.after(durationMs, () => primary?.thaw());
  return `${primary?.member.name} (primary) frozen`;
};

const killAny: Fault = (world, durationMs) => {
  const instance = world.random.pick(world.instances);
  if (instance.up) world.killInstance(instance, durationMs);
  return `${instance.member.name} killed`;
};

const freezeAny: Fault = (world, durationMs) => {
  const instance = world.random.pick(world.instances);
  instance.freeze();
  world.time.after(durationMs, () => instance.thaw());
  return `${instance.member.name} frozen`;
};

const cutLink: Fault = (world, durationMs) => {
  const from = world.random.pick([...sites, "api"]);
  const to = world.random.pick([...sites, "api"]);
  const link = world.network.link(from, to);
  link.cut = true;
  world.time.after(durationMs, () => {
    link.cut = false;
  });
  return `${from} > ${to} cut`;
};

const cutSite: Fault = (world, durationMs) => {
  const site = world.random.pick(sites);
  world.cutSite(site);
  world.time.after(durationMs, () => world.network.heal());
  return `${site} cut off`;
};

const cutPrimarySite: Fault = (world, durationMs) => {
  const site = world.primary()?.member.site ?? sites[0];
  world.cutSite(site);
  world.time.after(durationMs, () => world.network.heal());
  return `${site} (the primary's) cut off`;
};

const badLink: Fault = (world, durationMs) => {
  const from = world.random.pick(sites);
  const to = world.random.pick(sites);
  const link = world.network.link(from, to);
  Object.assign(link, { slowMs: world.random.between(0, 600), lossShare: world.random.between(0, 0.5) });
  world.time.after(durationMs, () => Object.assign(link, { slowMs: 0, lossShare: 0 }));
  return `${from} > ${to} slow and lossy`;
};

const loseApi: Fault = (world, durationMs) => {
  world.operator.setApi(false);
  world.time.after(durationMs, () => world.operator.setApi(true));
  return "API away";
};

const askForMove: Fault = (world) => {
  world.operator.ask();
  return "the watchers are asked to move the primary";
};

const freezeWatcher: Fault = (world, durationMs) => {
  const site = world.random.pick(sites);
  const watcher = world.watchers.get(site);
  watcher?.process.freeze();
  world.time.after(durationMs, () => watcher?.process.thaw());
  return `watcher ${site} frozen`;
};

/** In the middle of fencing, promoting, pointing or repairing. */
const freezeWatcherInStep: Fault = (world, durationMs) => {
  const steps = 1 + Math.floor(world.random.next() * 16);
  for (const watcher of world.watchers.values()) watcher.freezeAt ??= { steps, durationMs };
  return `watchers frozen at their step ${steps}`;
};

const restartWatcher: Fault = (world, durationMs) => {
  const site = world.random.pick(sites);
  world.killWatcher(site);
  world.time.after(durationMs, () => world.startWatcher(site));
  return `watcher ${site} killed`;
};

const faults: readonly Fault[] = [
  killPrimary,
  killPrimary,
  freezePrimary,
  freezePrimary,
  killAny,
  freezeAny,
  cutLink,
  cutLink,
  cutSite,
  cutPrimarySite,
  badLink,
  loseApi,
  askForMove,
  askForMove,
  freezeWatcher,
  freezeWatcherInStep,
  freezeWatcherInStep,
  freezeWatcherInStep,
  restartWatcher,
];
