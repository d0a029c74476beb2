/** What a running drill looks like at this moment, from its journal and the operations so far. */
import type { Sighting } from "../check.ts";
import type { Operation } from "../history.ts";
import type { JournalLine } from "../journal.ts";

export interface LiveFigures {
  drill: string;
  phase: string;
  requestsPerSecond: number;
  requests: number;
  failed: number;
  /** Since the last request that was served; 0 without load. */
  stallMs: number;
  /** The longest that a request waited since the first fault. */
  longestMs: number;
  /** `node-kill: node dsp-worker …` for each fault that is there now. */
  faults: readonly string[];
  /** By role: who holds it, and who did before. */
  holders: Readonly<Partial<Record<Sighting["role"], { holder: string | null; moves: readonly string[] }>>>;
  /** Why the platform is not whole; empty: it is. */
  reasons: readonly string[];
}

export interface LiveView {
  take(line: JournalLine): void;
  setOperations(operations: readonly Operation[]): void;
  figures(nowMs: number): LiveFigures;
}

const rateWindowMs = 5_000;

export function createLiveView(): LiveView {
  let drill = "";
  let phase = "";
  let reasons: readonly string[] = [];
  let operations: readonly Operation[] = [];
  let read = 0;
  let failed = 0;
  let lastServedMs = 0;
  let longestMs = 0;
  let firstFaultMs = Number.POSITIVE_INFINITY;
  const faults = new Map<number, string>();
  const holders = new Map<Sighting["role"], { holder: string | null; moves: string[] }>();

  const see = (role: Sighting["role"], holder: string | null) => {
    const before = holders.get(role);
    if (before === undefined) holders.set(role, { holder, moves: [] });
    else if (before.holder !== holder) holders.set(role, { holder, moves: [...before.moves, before.holder ?? "nobody"] });
  };
  const count = () => {
    for (; read < operations.length; read += 1) {
      const operation = operations[read];
      if (operation === undefined) continue;
      if (operation.outcome === "failed") failed += 1;
      else lastServedMs = Math.max(lastServedMs, operation.endMs);
      if (operation.endMs >= firstFaultMs) longestMs = Math.max(longestMs, operation.endMs - operation.dueMs);
    }
  };
  const rate = (nowMs: number) => {
    let ended = 0;
    for (let index = operations.length - 1; index >= 0 && (operations[index]?.endMs ?? 0) > nowMs - 2 * rateWindowMs; index -= 1)
      if ((operations[index]?.endMs ?? 0) > nowMs - rateWindowMs) ended += 1;
    return ended / (rateWindowMs / 1_000);
  };
  return {
    take: (line) => {
      if (line.entry === "begin") drill = `${line.drill} (run ${line.run})`;
      if (line.entry === "phase") phase = line.phase;
      if (line.entry === "status") reasons = line.reasons;
      if (line.entry === "sighting") see(line.role, line.holder);
      if (line.entry !== "fault") return;
      if (line.event === "injecting") {
        faults.set(line.fault, `${line.name}: ${line.what ?? ""}`);
        firstFaultMs = Math.min(firstFaultMs, line.atMs);
      }
      if (line.event === "healed") faults.delete(line.fault);
    },
    setOperations: (list) => {
      operations = list;
    },
    figures: (nowMs) => {
      count();
      return {
        ...{ drill, phase, failed, longestMs, reasons, requests: read, requestsPerSecond: rate(nowMs) },
        stallMs: lastServedMs === 0 || phase === "check" || phase === "end" ? 0 : Math.max(0, nowMs - lastServedMs),
        faults: [...faults.values()],
        holders: Object.fromEntries(holders),
      };
    },
  };
}
