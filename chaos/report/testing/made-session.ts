/** A made run of drills on disk: a failover of 4.2 s, a drill that is invalid, one that could not be made, one whose runner died. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Operation } from "../../history.ts";
import { openJournal } from "../../journal.ts";
import { promises } from "../../promises.ts";

const zeroMs = Date.parse("2026-11-23T15:45:00.000Z");

export interface MadeRun {
  drill: string;
  run?: number;
  promise?: keyof typeof promises;
  stallMs?: number;
  failed?: number;
  lost?: number;
  verdict?: "valid" | "invalid" | "unknown" | "not run";
  reasons?: string[];
  /** The journal ends in the middle of the fault. */
  died?: boolean;
  paceMs?: number;
}

/** 20 requests a second for 40 s; those due in the stall wait for its end. */
function madeOperations(stallMs: number, failed: number): Operation[] {
  const kinds = ["create", "read", "update", "search"] as const;
  return Array.from({ length: 800 }, (_, n): Operation => {
    const dueMs = zeroMs - 10_000 + n * 50;
    const kind = kinds[n % 4] ?? "create";
    const stalled = kind !== "read" && dueMs >= zeroMs && dueMs < zeroMs + stallMs;
    const endMs = stalled ? zeroMs + stallMs + (n % 7) * 6 : dueMs + 6 + ((n * 37) % 50);
    const isFailed = stalled && n % 4 === 0 && n < 200 + failed * 4;
    const outcome = isFailed ? "failed" : "ok";
    return { n, kind, key: `k-${n}`, dueMs, startMs: dueMs, endMs, outcome, status: isFailed ? 503 : 200, attempts: stalled ? 3 : 1 };
  });
}

const watcherLog = [
  ["00.610", { level: 40, msg: "primary suspected", atMs: 1 }],
  ["01.050", { level: 30, msg: "failover begins", term: 3 }],
  ["01.900", { level: 30, msg: "GET /readyz" }],
  ["02.480", { level: 30, msg: "primary promoted", instance: "pg-2", tookMs: 410 }],
] as const;

export function madeLog(pod: string, lines: readonly (readonly [second: string, line: object])[]): string {
  return lines.map(([second, line]) => `[pod/${pod}/main] 2026-11-23T15:45:${second}123456Z ${JSON.stringify(line)}\n`).join("");
}

function writeLogs(folder: string): void {
  mkdirSync(join(folder, "logs"));
  writeFileSync(join(folder, "logs/watcher.log"), madeLog("watcher-site-b-6d-x", watcherLog));
  writeFileSync(
    join(folder, "logs/postgres.log"),
    madeLog("pg-2", [
      ["02.100", { level: "info", logger: "postgres", msg: "record", record: { message: "received promote request" } }],
      ["02.400", { level: "info", logger: "postgres", msg: "record", record: { message: "checkpoint starting: force" } }],
      [
        "02.900",
        { level: "info", logger: "postgres", msg: "record", record: { message: "database system is ready to accept connections" } },
      ],
    ]),
  );
  writeFileSync(join(folder, "logs/edge.log"), "not collected: kubectl exited with 1\n");
}

/** Writes one run's folder as the runner does. */
export function writeMadeRun(session: string, made: MadeRun, order = 0): void {
  const {
    drill,
    run = 1,
    promise = "postgresCrash",
    stallMs = 4_200,
    failed = 0,
    lost = 0,
    verdict = "valid",
    reasons = [],
    died = false,
    paceMs = 25,
  } = made;
  const folder = join(session, `${drill}-${run}`);
  const startedMs = zeroMs - 20_000 + order;
  const journal = openJournal(join(folder, "journal.ndjson"));
  const at = (ms: number) => zeroMs + ms;
  journal.write(
    {
      entry: "begin",
      ...{ drill, run, runName: `${drill}-${run}`, title: `The title of ${drill} <b>&</b>`, stack: "lab", hypothesis: "all is well" },
      ...{ tolerates: "one instance", workload: "steady", promise: promises[promise], faults: ["pod-kill"], processId: 1 },
    },
    startedMs,
  );
  if (verdict === "not run") {
    journal.write({ entry: "fault", fault: 0, name: "latency", event: "not possible", text: reasons[0] ?? "" }, startedMs + 10);
    journal.write({ entry: "verdict", verdict, reasons, failed: 0, unhealed: [] }, startedMs + 20);
    journal.close();
    return;
  }
  const fault = { entry: "fault", fault: 0, name: "pod-kill-postgres-primary" } as const;
  journal.write(
    { ...fault, event: "aimed", what: "the PostgreSQL primary pg-1 on node-1", elements: ["pod/dsp/pg"], carried: [] },
    at(-15_000),
  );
  journal.write({ entry: "pace", processorMs: paceMs, tookMs: 2 * paceMs }, at(-14_000));
  journal.write({ entry: "phase", phase: "load" }, at(-14_000));
  journal.write({ entry: "calm", medianMs: 23, waitedMs: 1_000 }, at(-60));
  journal.write({ entry: "phase", phase: "inject" }, at(-50));
  journal.write({ ...fault, event: "injecting", what: "the PostgreSQL primary pg-1 on node-1" }, at(0));
  if (died) {
    journal.close();
    return;
  }
  journal.write({ ...fault, event: "happened", text: "dsp/pg-1 (uid 7) is gone" }, at(300));
  for (const [ms, holder] of [
    [-8_000, "pg-1"],
    [1_500, null],
    [3_500, "pg-2"],
    [9_000, "pg-2"],
    [20_000, "pg-2"],
  ] as const)
    journal.write({ entry: "sighting", role: "postgres-primary", holder }, at(ms));
  for (const [ms, holder] of [
    [-8_000, "12/12"],
    [1_500, "11/12"],
    [20_000, "12/12"],
  ] as const)
    journal.write({ entry: "sighting", role: "pods-ready", holder }, at(ms));
  journal.write({ ...fault, event: "healed" }, at(400));
  journal.write({ entry: "redundant" }, at(20_000));
  const figures = { stallMs, rtoMs: stallMs, barMs: promises[promise].stallBarMs };
  journal.write({
    entry: "check",
    name: "stall",
    title: "The longest stall",
    verdict: verdict === "invalid" ? "invalid" : "valid",
    figures,
    findings: reasons,
  });
  const redundancy = { redundantAfterHealMs: 19_600 };
  journal.write({ entry: "check", name: "redundancy", title: "Full redundancy", verdict: "valid", figures: redundancy, findings: [] });
  journal.write({ entry: "verdict", verdict, reasons, stallMs, failed, lost, doubled: 0, unhealed: [] }, at(32_000));
  journal.close();
  writeFileSync(
    join(folder, "history.ndjson"),
    madeOperations(stallMs, failed)
      .map((operation) => `${JSON.stringify(operation)}\n`)
      .join(""),
  );
  writeLogs(folder);
}

export interface MadeSession {
  full?: boolean;
  uncovered?: string[] | null;
  ended?: boolean;
}

/** @returns the folder */
export function writeMadeSession(reports: string, name: string, runs: readonly MadeRun[], changes: MadeSession = {}): string {
  const { full = true, uncovered = [], ended = true } = changes;
  const folder = join(reports, name);
  mkdirSync(folder, { recursive: true });
  const session = {
    ...{ startedAt: "2026-11-23T15:40:00.000Z", endedAt: ended ? "2026-11-23T16:30:00.000Z" : null, stack: "lab", full, uncovered },
    ...{ machine: "2 × Some Processor, 24 GiB", drills: [...new Set(runs.map(({ drill }) => drill))] },
    repeat: Math.max(...runs.map(({ run = 1 }) => run)),
  };
  writeFileSync(join(folder, "session.json"), JSON.stringify(session));
  for (const [order, run] of runs.entries()) writeMadeRun(folder, run, order);
  return folder;
}
