/** Reads back what a run of a drill left: its journal and its history. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Sighting } from "../check.ts";
import { type Operation, operationSchema } from "../history.ts";
import { type JournalLine, readJournal } from "../journal.ts";
import type { CheckOutcome, DrillVerdict } from "../run/outcome.ts";
import { parseSession, type Session } from "../run/session.ts";

export interface FaultSpan {
  name: string;
  what: string;
  elements: readonly string[];
  carried: readonly string[];
  injectedMs: number | undefined;
  happenedMs: number | undefined;
  evidence: string | undefined;
  healedMs: number | undefined;
}

export interface RunFacts {
  folder: string;
  drill: string;
  title: string;
  run: number;
  hypothesis: string;
  tolerates: string;
  workload: string;
  promise: { row: string; stallBarMs: number; stallGoalMs: number };
  lines: readonly JournalLine[];
  startedMs: number;
  /** Processor time of the fixed loop before the load; undefined: it was not measured. */
  paceMs: number | undefined;
  /** Half of the answers just before the fault came within so long; undefined: it came not so far. */
  medianBeforeMs: number | undefined;
  /** The fault is made from here on; undefined: it came not so far. */
  steadyEndMs: number | undefined;
  endedMs: number;
  faults: readonly FaultSpan[];
  sightings: readonly Sighting[];
  redundantMs: number | undefined;
  checks: readonly CheckOutcome[];
  verdict: DrillVerdict;
  reasons: readonly string[];
  stallMs: number | undefined;
  failed: number;
  lost: number | undefined;
  doubled: number | undefined;
  /** In the order in which they were due. */
  operations: readonly Operation[];
}

export function historyFile(folder: string): string {
  return join(folder, "history.ndjson");
}

/** A line that was being written when the load ended is passed over. */
export function readHistory(folder: string): Operation[] {
  const file = historyFile(folder);
  if (!existsSync(file)) return [];
  const operations: Operation[] = [];
  for (const line of readFileSync(file, "utf8").split("\n").slice(0, -1)) operations.push(operationSchema.parse(JSON.parse(line)));
  return operations.sort((left, right) => left.n - right.n);
}

function faultsOf(lines: readonly JournalLine[]): FaultSpan[] {
  const spans = new Map<number, FaultSpan>();
  const none = { injectedMs: undefined, happenedMs: undefined, evidence: undefined, healedMs: undefined };
  for (const line of lines) {
    if (line.entry !== "fault") continue;
    const span = spans.get(line.fault) ?? { name: line.name, what: "", elements: [], carried: [], ...none };
    spans.set(line.fault, span);
    if (line.event === "aimed") Object.assign(span, { what: line.what ?? "", elements: line.elements ?? [], carried: line.carried ?? [] });
    if (line.event === "injecting") span.injectedMs = line.atMs;
    if (line.event === "happened") Object.assign(span, { happenedMs: line.atMs, evidence: line.text });
    if (line.event === "healed") span.healedMs = line.atMs;
  }
  return [...spans.values()];
}

/** @throws Error where the folder holds no journal of a drill */
export function readRun(folder: string): RunFacts {
  const lines = readJournal(join(folder, "journal.ndjson"));
  const begin = lines.find((line) => line.entry === "begin");
  if (begin?.entry !== "begin") throw new Error(`${folder} holds no journal that begins`);
  const verdict = lines.findLast((line) => line.entry === "verdict");
  const judged = verdict?.entry === "verdict" ? verdict : undefined;
  const { drill, title, run, hypothesis, tolerates, workload, promise } = begin;
  return {
    ...{ folder, drill, title, run, hypothesis, tolerates, workload, promise, lines },
    startedMs: begin.atMs,
    paceMs: lines.flatMap((line) => (line.entry === "pace" ? [line.processorMs] : [])).at(0),
    medianBeforeMs: lines.flatMap((line) => (line.entry === "calm" ? [line.medianMs] : [])).at(0),
    steadyEndMs: lines.find((line) => line.entry === "phase" && line.phase === "inject")?.atMs,
    endedMs: lines.at(-1)?.atMs ?? begin.atMs,
    faults: faultsOf(lines),
    sightings: lines.flatMap((line) => (line.entry === "sighting" ? [{ atMs: line.atMs, role: line.role, holder: line.holder }] : [])),
    redundantMs: lines.findLast((line) => line.entry === "redundant")?.atMs,
    checks: lines.flatMap((line) => {
      if (line.entry !== "check") return [];
      const { name, title: checkTitle, verdict: checkVerdict, figures, findings } = line;
      return [{ name, title: checkTitle, verdict: checkVerdict, figures, findings }];
    }),
    verdict: judged?.verdict ?? "unknown",
    reasons: judged?.reasons ?? ["the runner ended before it came to a verdict"],
    ...{ stallMs: judged?.stallMs, failed: judged?.failed ?? 0, lost: judged?.lost, doubled: judged?.doubled },
    operations: readHistory(folder),
  };
}

export interface SessionFacts {
  folder: string;
  session: Session;
  runs: readonly RunFacts[];
}

/** @throws Error where the folder holds no run of drills */
export function readSession(folder: string): SessionFacts {
  const session = parseSession(readFileSync(join(folder, "session.json"), "utf8"));
  const runs = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(folder, entry.name, "journal.ndjson")))
    .map((entry) => readRun(join(folder, entry.name)))
    .sort((left, right) => left.startedMs - right.startedMs);
  return { folder, session, runs };
}

/** Folders of runs of drills, the newest last. */
export function sessionFolders(reports: string): string[] {
  if (!existsSync(reports)) return [];
  return readdirSync(reports)
    .filter((name) => existsSync(join(reports, name, "session.json")))
    .sort()
    .map((name) => join(reports, name));
}
