/** The runner of a drill is killed with -9 while its fault is in force: node, engine or control plane heal it at its limit all the same. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { allDrills } from "../../chaos/drills/catalogue.ts";
import { healKeptFaults, listKeptFaults } from "../../chaos/faults/kept.ts";
import { chaosTarget } from "../../infra/cli/chaos-target.ts";
import { toolEnvironment } from "../../infra/lab/environment.ts";
import { say, waitForHealth } from "./platform-under-test.ts";

/** One of each keeper: a timer in the node, a container of the engine, a timer on the witness that speaks to the API; and packets that a node drops. */
const oneOfEach = ["sentinel-lost", "witness-kill", "operator-lost", "edge-cut-off"];
/** DSP_EVERY_FAULT=1: all that last. */
const drills = process.env.DSP_EVERY_FAULT === undefined ? oneOfEach : lastingDrills();
const injectLimitMs = 180_000;
/** Above the fault's own limit: a busy node's timers are late, and a healing that fails is tried again. */
const healMarginMs = 30_000;
const healthTimeoutMs = 6 * 60_000;
const target = chaosTarget("lab");

function lastingDrills(): string[] {
  return allDrills.filter(({ faults: [first] }) => first !== undefined && first.lastsS > 0).map(({ name }) => name);
}

let runner: ChildProcess | undefined;

/** Resolves with the evidence once the fault is seen to be real; with undefined where this machine cannot make it. @throws Error when the runner ends before */
async function startUntilBroken(drill: string): Promise<string | undefined> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "killable-runner.ts"), drill], {
    env: { ...process.env, ...toolEnvironment() },
    stdio: ["ignore", "pipe", "inherit"],
  });
  runner = child;
  const limit = setTimeout(() => child.kill("SIGKILL"), injectLimitMs);
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      if (line.startsWith("happened: ")) return line.slice("happened: ".length);
      if (line.startsWith("not possible")) return undefined;
    }
  } finally {
    clearTimeout(limit);
  }
  throw new Error(`${drill} ended before its fault was seen to be real`);
}

async function kill(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

/** @returns how long it took until nobody keeps a fault any more @throws Error when it is not in time */
async function untilNothingIsKept(): Promise<number> {
  const startedMs = performance.now();
  for (;;) {
    // An engine or a node that does not answer is not healed.
    const kept = await listKeptFaults(target).catch(() => undefined);
    if (kept?.length === 0) return performance.now() - startedMs;
    const overdueMs = Math.max(...(kept ?? []).map(({ healsAtMs }) => Date.now() - healsAtMs));
    if (overdueMs > healMarginMs) throw new Error(`still there ${Math.round(overdueMs / 1_000)} s after its limit: ${kept?.[0]?.what}`);
    await delay(1_000);
  }
}

beforeAll(() => waitForHealth(healthTimeoutMs), healthTimeoutMs + 30_000);
afterEach(async () => {
  await kill(runner);
  await healKeptFaults(target);
});

describe("the runner is killed with -9", () => {
  it.each(drills)("in the middle of %s, which heals by itself", { timeout: injectLimitMs + 2 * healthTimeoutMs }, async (drill) => {
    const evidence = await startUntilBroken(drill);
    if (evidence === undefined) {
      say(`${drill} cannot be made on this machine`);
      return;
    }
    expect((await listKeptFaults(target)).length, "somebody keeps the fault's limit").toBeGreaterThan(0);
    await kill(runner);
    say(`${drill}: ${evidence}; the runner is dead`);
    const tookMs = await untilNothingIsKept();
    say(`${drill}: healed ${Math.round(tookMs / 1_000)} s after the runner was killed`);
    await waitForHealth(healthTimeoutMs);
  });
});
