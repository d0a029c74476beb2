/** One scenario measured: how much the service can do, and how long an answer takes at half of that. */
import { setTimeout as delay } from "node:timers/promises";
import { busyCores, type CpuPerRequest, type CpuSeconds, cpuPerRequest } from "./cpu.ts";
import { type Loop, type LoopFigures, runK6 } from "./k6.ts";
import { goalRatio, type Scenario } from "./scenarios.ts";
import type { Testbed } from "./testbed.ts";

/** Of the throughput measured: an open loop at a rate that is nearly too much measures its own queue. */
const openLoopShare = 0.5;
const warmUpSecondsMax = 2;
const settleStepMs = 250;
const settleLimitMs = 10_000;
/** Timers and health checks take about this much. */
const idleCoresMax = 0.08;

export type Measured = LoopFigures & {
  /** What followed the requests without being waited for by them (sealing of audit records, vacuum) included; null where nothing was answered. */
  cpu: CpuPerRequest | null;
};

export interface Comparison {
  peerPerSecond: number;
  ratio: number;
  /** The goal is. */
  reached: boolean;
}

export interface ScenarioFigures {
  scenario: string;
  title: string;
  /** What one request writes, where resources are counted; null where requests are. */
  resources: number | null;
  /** Of the closed loop: requests, or resources where those are counted. */
  unitsPerSecond: number;
  /** Null where the other server has no such figure. */
  comparison: Comparison | null;
  users: number;
  closed: Measured;
  open: Measured & { ratePerSecond: number };
}

export function compareWithPeer(unitsPerSecond: number, peerPerSecond: number | undefined): Comparison | null {
  if (peerPerSecond === undefined) return null;
  const ratio = unitsPerSecond / peerPerSecond;
  return { peerPerSecond, ratio, reached: ratio >= goalRatio };
}

/** Until hardly anything is done any more. */
async function settle(testbed: Testbed): Promise<CpuSeconds> {
  const endMs = performance.now() + settleLimitMs;
  let before = testbed.cpu();
  for (;;) {
    const startMs = performance.now();
    await delay(settleStepMs, undefined, { signal: testbed.signal });
    const after = testbed.cpu();
    if (busyCores(before, after, performance.now() - startMs) <= idleCoresMax || performance.now() > endMs) return after;
    before = after;
  }
}

export interface MeasureOptions {
  k6: string;
  seconds: number;
  /** Of the open loop; left out: half of what the closed loop reached. */
  ratePerSecond?: number;
}

/** @throws Error when k6 fails */
export async function measureScenario(testbed: Testbed, scenario: Scenario, options: MeasureOptions): Promise<ScenarioFigures> {
  const { name, title, resources = null, users } = scenario;
  const run = (loop: Loop, seconds: number) => {
    const plan = { url: testbed.url, token: testbed.token, patients: testbed.patients(), scenario, loop, seconds };
    return runK6(options.k6, plan, testbed.signal);
  };
  const measure = async (loop: Loop): Promise<Measured> => {
    const before = await settle(testbed);
    const figures = await run(loop, options.seconds);
    return { ...figures, cpu: cpuPerRequest(before, await settle(testbed), figures.requests) ?? null };
  };
  await run({ kind: "closed", users }, Math.min(options.seconds, warmUpSecondsMax));
  const closed = await measure({ kind: "closed", users });
  const ratePerSecond = Math.max(0.1, Math.round((options.ratePerSecond ?? closed.perSecond * openLoopShare) * 10) / 10);
  const open = await measure({ kind: "open", ratePerSecond, users });
  const unitsPerSecond = closed.perSecond * (resources ?? 1);
  const comparison = compareWithPeer(unitsPerSecond, scenario.peerPerSecond);
  return { scenario: name, title, resources, unitsPerSecond, comparison, users, closed, open: { ...open, ratePerSecond } };
}
