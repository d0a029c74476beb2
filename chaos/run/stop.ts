/** Ends a run of drills from outside: a living runner heals and ends; what a dead one left heals by itself, and is seen to have. */
import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { KeptFault } from "../faults/kept.ts";
import { readJournal } from "../journal.ts";
import { readRunFacts } from "../load/run-facts.ts";
import type { Target } from "../target.ts";
import { forgetRunning, isAlive, readRunning, stopRunning } from "./running.ts";

export interface KeptFaults {
  list(target: Target): Promise<KeptFault[]>;
  heal(target: Target): Promise<void>;
}

export interface StopOptions {
  target: Target;
  kept: KeptFaults;
  say(text: string): void;
  /** For the living runner to heal and end. */
  runnerLimitMs?: number;
  /** For what is kept to be gone, after the time at which the last of it heals by itself. */
  graceMs?: number;
  intervalMs?: number;
}

/** Faults of a journal that were begun and not healed, in words. */
export function leftIn(journalFile: string): string[] {
  const left = new Map<number, string>();
  for (const line of readJournal(journalFile)) {
    if (line.entry !== "fault") continue;
    if (line.event === "injecting") left.set(line.fault, `${line.name}: ${line.what ?? ""}`);
    if (line.event === "healed") left.delete(line.fault);
  }
  return [...left.values()];
}

/** The load goes on without its runner until its time is over. @returns the process that was asked to end; undefined: there is none */
function endLoad(journalFile: string): number | undefined {
  try {
    const begin = readJournal(journalFile).find((line) => line.entry === "begin");
    const { processId } = readRunFacts(dirname(journalFile), begin?.entry === "begin" ? begin.runName : "");
    // Its number may be somebody else's by now.
    if (processId === undefined || !/(^|\/)k6\0/.test(readFileSync(`/proc/${processId}/cmdline`, "utf8"))) return undefined;
    process.kill(processId, "SIGTERM");
    return processId;
  } catch {
    // It had begun no load, or that has ended.
    return undefined;
  }
}

async function healKept({ target, kept, say, graceMs = 30_000, intervalMs = 1_000 }: StopOptions): Promise<boolean> {
  let left = await kept.list(target);
  if (left.length === 0) return true;
  const lastMs = Math.max(...left.map(({ healsAtMs }) => healsAtMs));
  for (const { what, healsAtMs } of left)
    say(`still there: ${what}; heals by itself in ${Math.max(0, Math.round((healsAtMs - Date.now()) / 1_000))} s`);
  for (;;) {
    await kept.heal(target).catch((failure: Error) => say(`healing now did not work: ${failure.message}`));
    left = await kept.list(target);
    if (left.length === 0) return true;
    if (Date.now() > lastMs + graceMs) return false;
    await delay(intervalMs);
  }
}

/** @returns whether nothing is left; what happens is said on the way */
export async function stopDrills(options: StopOptions): Promise<boolean> {
  const { target, say } = options;
  const running = readRunning(target.reports);
  if (running !== undefined && isAlive(running)) {
    say(`process ${running.processId} is drilling: it heals and ends`);
    if (!(await stopRunning(target.reports, running, options.runnerLimitMs ?? 300_000))) {
      say(`process ${running.processId} does not end; see ${running.journal ?? running.folder}`);
      return false;
    }
  } else if (running !== undefined) {
    say(`process ${running.processId} died while it drilled; its journal: ${running.journal ?? "none yet"}`);
    if (running.journal !== null) {
      for (const text of leftIn(running.journal)) say(`begun and not healed by it: ${text}`);
      const load = endLoad(running.journal);
      if (load !== undefined) say(`ended its load, process ${load}`);
    }
  }
  if (!(await healKept(options))) {
    say("faults are still there although their time is over: look at the nodes named above");
    return false;
  }
  forgetRunning(target.reports);
  say(running === undefined ? "no drill is running, and no fault is left" : "no fault is left");
  return true;
}
