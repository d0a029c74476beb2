/** A platform, a load and faults made up in memory: the runner's own rules are tested with them. */

import type { Check } from "../../check.ts";
import type { Drill } from "../../drill.ts";
import type { Fault, FaultContext } from "../../fault.ts";
import type { Operation } from "../../history.ts";
import type { Target } from "../../target.ts";
import { bareTarget } from "../../testing/bare-target.ts";
import type { DrillParts } from "../parts.ts";
import type { Timings } from "../timings.ts";

/** Waits so short that a whole drill takes a fraction of a second. */
export const quick: Timings = {
  steadyMs: 20,
  steadyPatienceMs: 60,
  calmMedianMs: 50,
  calmPatienceMs: 40,
  readyLimitMs: 300,
  statusIntervalMs: 5,
  faultShowsMs: 5,
  wholeIntervalMs: 5,
  evidenceIntervalMs: 2,
  evidenceLimitMs: 60,
  healAttemptMs: 500,
  healIntervalMs: 2,
  healLimitMs: 60,
  limitMarginS: 60,
  afterMs: 60,
  aimAheadMs: 0,
  budgetIntervalMs: 2,
  loadGapMaxMs: 10_000,
  walkBeginMs: 200,
  walkEndMs: 200,
};

export function madeStatus(changes: { healthy?: boolean; reasons?: string[]; primaries?: string[] } = {}): unknown {
  const primaries = changes.primaries ?? ["pg-1"];
  return {
    healthy: changes.healthy ?? true,
    reasons: changes.reasons ?? [],
    unknown: false,
    sites: [{ name: "site-a", nodes: [{ name: "node-1", ready: changes.healthy ?? true }] }],
    postgres: {
      desired: 2,
      instances: ["pg-1", "pg-2"].map((name) => ({ name, role: primaries.includes(name) ? "primary" : "standby", ready: true })),
    },
    redis: { primary: "redis-0", desired: 1, instances: [{ name: "redis-0", role: "primary", linked: null }] },
    edge: { virtualIp: "192.0.2.1", desired: 1, instances: [{ name: "edge-a", ready: true, holdsAddress: true }] },
    services: [{ name: "record", ready: 2, desired: 2 }],
    operators: [{ name: "operator", ready: 1, desired: 1 }],
  };
}

export interface MadeTarget extends Target {
  status: () => unknown;
  labels: Record<string, string>;
}

export function madeTarget(reports: string, changes: Partial<MadeTarget> = {}): MadeTarget {
  const target: MadeTarget = {
    ...bareTarget({ reports }),
    status: () => madeStatus(),
    labels: { "dsp.platform/drills": "allowed" },
    readStatus: async () => target.status(),
    run: async (_command, args) => {
      if (args.includes("namespace")) return JSON.stringify({ metadata: { labels: target.labels } });
      return JSON.stringify({ items: [] });
    },
    ...changes,
  };
  return target;
}

/** What a made fault does; each verb may be made to fail. `calls` has what was called, in order. */
export interface MadeFault extends Fault {
  calls: string[];
  context: FaultContext | undefined;
  broken: boolean;
}

export interface FaultVerbs {
  aim?: () => void;
  inject?: () => Promise<void> | void;
  happened?: () => string | undefined;
  heal?: (attempt: number) => Promise<void> | void;
  elements?: string[];
}

export function madeFault(name: string, verbs: FaultVerbs = {}): MadeFault {
  let heals = 0;
  const fault: MadeFault = {
    name,
    title: name,
    calls: [],
    context: undefined,
    broken: false,
    aim: async (context) => {
      fault.calls.push("aim");
      fault.context = context;
      verbs.aim?.();
      return {
        what: `the target of ${name}`,
        elements: verbs.elements ?? [`pod/dsp/${name}`],
        inject: async () => {
          fault.calls.push("inject");
          fault.broken = true;
          await verbs.inject?.();
        },
        happened: async () => (verbs.happened === undefined ? `${name} is seen` : verbs.happened()),
        heal: async () => {
          fault.calls.push("heal");
          heals += 1;
          await verbs.heal?.(heals);
          fault.broken = false;
        },
        remains: async () => (fault.broken ? [`${name} is still broken`] : []),
      };
    },
  };
  return fault;
}

export function madeCheck(name: string, judge: Check["judge"] = () => ({ verdict: "valid", figures: {}, findings: [] })): Check {
  return { name, title: name, judge };
}

export function madeDrill(faults: Drill["faults"], changes: Partial<Drill> = {}): Drill {
  return {
    name: "made",
    title: "A made drill",
    hypothesis: "all is well",
    tolerates: "nothing",
    workload: "steady",
    faults,
    promise: { row: "row", stallBarMs: 1_000, stallGoalMs: 500 },
    checks: [madeCheck("stall", () => ({ verdict: "valid", figures: { stallMs: 12 }, findings: [] }))],
    redundancyLimitS: 1,
    errorBudget: { failedShareMax: 0.05, failedMax: 100 },
    ...changes,
  };
}

export interface MadeParts extends DrillParts {
  operations: Operation[];
  /** What the load was asked for and what was done to it. */
  loadCalls: string[];
}

export function madeOperation(n: number, outcome: Operation["outcome"] = "ok", atMs = Date.now(), tookMs = 0): Operation {
  return {
    n,
    kind: "create",
    key: `key-${n}`,
    dueMs: atMs,
    startMs: atMs,
    endMs: atMs + tookMs,
    outcome,
    status: outcome === "ok" ? 201 : 503,
    attempts: 1,
  };
}

/** A load that does one operation each 2 ms until it is stopped. */
export function madeParts(changes: Partial<DrillParts> & { outcome?: () => Operation["outcome"]; tookMs?: () => number } = {}): MadeParts {
  const operations: Operation[] = [];
  const loadCalls: string[] = [];
  const { outcome = () => "ok" as const, tookMs = () => 0, ...rest } = changes;
  return {
    operations,
    loadCalls,
    startLoad: async ({ runName, after }) => {
      await after;
      loadCalls.push("start");
      const timer = setInterval(() => operations.push(madeOperation(operations.length, outcome(), Date.now(), tookMs())), 2);
      return {
        operations,
        runName,
        stop: async () => {
          clearInterval(timer);
          loadCalls.push("stop");
        },
      };
    },
    judgeLoad: () => ({ good: true, figures: {}, findings: [] }),
    readAftermath: async () => ({ stores: {}, auditEvents: [] }),
    readPods: async () => [],
    collectLogs: async () => undefined,
    ...rest,
  };
}
