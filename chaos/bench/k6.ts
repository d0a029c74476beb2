/** One measurement by k6: what it is told, and what its summary says. */
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";
import { runProgram } from "./owned-process.ts";
import type { Scenario } from "./scenarios.ts";
import { patientIds } from "./synthetic-record.ts";

const script = join(import.meta.dirname, "script.js");
/** Of an open loop's rate, so that 0.7 requests a second can be asked for too. */
const rateUnitS = 10;
const usersMax = 200;
/** How long the last answers may take. */
const gracefulStop = "15s";

/** `closed`: as many clients as there are, each asking again once it is answered. `open`: so many requests a second, whatever becomes of them. */
export type Loop = { kind: "closed"; users: number } | { kind: "open"; ratePerSecond: number; users: number };

/** k6's words for a loop. */
export function executorOf(loop: Loop, seconds: number): Record<string, unknown> {
  const times = { duration: `${seconds}s`, gracefulStop };
  if (loop.kind === "closed") return { executor: "constant-vus", vus: loop.users, ...times };
  // Half a second's requests may be under way without a new client having to be made.
  const waiting = Math.min(usersMax, Math.max(loop.users, Math.ceil(loop.ratePerSecond / 2)));
  return {
    executor: "constant-arrival-rate",
    ...{ rate: Math.max(1, Math.round(loop.ratePerSecond * rateUnitS)), timeUnit: `${rateUnitS}s` },
    ...{ preAllocatedVUs: waiting, maxVUs: Math.max(usersMax, waiting), ...times },
  };
}

const counter = z.object({ values: z.object({ count: z.number() }) });
const summarySchema = z.object({
  state: z.object({ testRunDurationMs: z.number() }),
  metrics: z.object({
    http_reqs: counter.optional(),
    http_req_failed: z.object({ values: z.object({ passes: z.number() }) }).optional(),
    http_req_duration: z.object({ values: z.record(z.string(), z.number()) }).optional(),
    dropped_iterations: counter.optional(),
    answered_by_standby: counter.optional(),
  }),
});

export interface LoopFigures {
  /** Answered, well or not. */
  requests: number;
  /** Not answered as they should have been, or not at all. */
  failed: number;
  /** Of an open loop: never begun, because all clients were waiting. */
  dropped: number;
  /** Answered by a standby. */
  byStandby: number;
  seconds: number;
  /** Good answers. */
  perSecond: number;
  /** From sending a request until its answer is there; null where there was none. */
  p50Ms: number | null;
  p99Ms: number | null;
  maxMs: number | null;
}

/** Reads what k6 printed. @throws Error when there is no summary in it */
export function readSummary(printed: string): LoopFigures {
  const begin = printed.indexOf("{");
  if (begin < 0) throw new Error(`k6 printed no summary: ${printed.slice(-500)}`);
  const { state, metrics } = summarySchema.parse(JSON.parse(printed.slice(begin)));
  const requests = metrics.http_reqs?.values.count ?? 0;
  // The rate is one of failures: those that passed it failed.
  const failed = metrics.http_req_failed?.values.passes ?? 0;
  const seconds = state.testRunDurationMs / 1_000;
  const durations = metrics.http_req_duration?.values ?? {};
  const duration = (name: string) => (requests > 0 ? (durations[name] ?? null) : null);
  return {
    ...{ requests, failed, seconds },
    dropped: metrics.dropped_iterations?.values.count ?? 0,
    byStandby: metrics.answered_by_standby?.values.count ?? 0,
    perSecond: seconds > 0 ? (requests - failed) / seconds : 0,
    ...{ p50Ms: duration("med"), p99Ms: duration("p(99)"), maxMs: duration("max") },
  };
}

export interface MeasurementPlan {
  url: string;
  token: string;
  scenario: Scenario;
  patients: number;
  loop: Loop;
  seconds: number;
}

/** @throws Error when k6 cannot be started or fails */
export async function runK6(k6: string, plan: MeasurementPlan, signal: AbortSignal): Promise<LoopFigures> {
  const { url, token, scenario, patients, loop, seconds } = plan;
  const run = `${scenario.name}-${randomUUID()}`;
  const told = { url, run, patients, patientIds, request: scenario.request, loop: executorOf(loop, seconds) };
  const quiet = ["--quiet", "--no-usage-report", "--no-color", "--log-format=raw", "--address="];
  // The token in the environment and not as an argument: arguments are everybody's to read.
  const env = { DSP_BENCH: JSON.stringify(told), DSP_TOKEN: token };
  return readSummary(await runProgram(k6, ["run", ...quiet, script], { signal, env }));
}
