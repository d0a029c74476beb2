/** A run of drills: each as often as asked, one after another, with a folder, results and a report for all of them. */
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import type { Drill } from "../drill.ts";
import type { Operation } from "../history.ts";
import { type Element, readInventory, uncovered } from "../inventory.ts";
import type { JournalLine } from "../journal.ts";
import { runDrill } from "../run.ts";
import type { Target } from "../target.ts";
import type { DrillOutcome } from "./outcome.ts";
import type { DrillParts } from "./parts.ts";
import { isAlive, markRunning, readRunning } from "./running.ts";
import { DrillRefused, requireAllowed } from "./safety.ts";
import type { KeptFaults } from "./stop.ts";
import type { Timings } from "./timings.ts";

const sessionSchema = z.object({
  startedAt: z.string(),
  endedAt: z.string().nullable(),
  stack: z.string(),
  /** Every drill there is was asked for. */
  full: z.boolean(),
  machine: z.string(),
  drills: z.array(z.string()),
  repeat: z.int(),
  /** What bars and SLO were multiplied with. */
  room: z.number().default(1),
  /** Elements of the platform that no drill hit, by name; null where nobody asked. */
  uncovered: z.array(z.string()).nullable(),
});

export type Session = z.infer<typeof sessionSchema>;

/** @throws Error when the text is none */
export function parseSession(text: string): Session {
  return sessionSchema.parse(JSON.parse(text));
}

export interface SessionEvents {
  onDrill?(drill: Drill, run: number, runs: number): void;
  onLine?(line: JournalLine): void;
  onLoad?(operations: readonly Operation[]): void;
  onOutcome?(outcome: DrillOutcome): void;
}

export interface SessionOptions {
  target: Target;
  drills: readonly Drill[];
  repeat: number;
  /** All drills: an element of the platform that none has hit fails the run. */
  full: boolean;
  room?: number;
  parts: DrillParts;
  kept: KeptFaults;
  signal: AbortSignal;
  events?: SessionEvents;
  timings?: Partial<Timings>;
}

export interface SessionEnd {
  folder: string;
  outcomes: readonly DrillOutcome[];
  uncovered: readonly string[];
}

/** `2026-11-23T154500Z`: sorts by time, and is a file name everywhere. */
export function stampOf(date: Date): string {
  return date
    .toISOString()
    .replace(/\.\d+Z$/, "Z")
    .replaceAll(":", "");
}

function machineOf(): string {
  const processors = cpus();
  return `${processors.length} × ${processors[0]?.model.trim() ?? "processor"}, ${Math.round(totalmem() / 1024 ** 3)} GiB`;
}

/** Nobody else drills, and no fault of a run that died is still there. @throws DrillRefused */
async function requireFree(target: Target, kept: KeptFaults): Promise<void> {
  const running = readRunning(target.reports);
  if (running !== undefined && isAlive(running) && running.processId !== process.pid)
    throw new DrillRefused(`process ${running.processId} is drilling already`, "Wait for it, or stop it: ./dsp drill stop");
  const left = await kept.list(target);
  if (left.length > 0)
    throw new DrillRefused(
      `faults of an earlier run are still there: ${left.map(({ what }) => what).join("; ")}`,
      "Heal them first: ./dsp drill stop",
    );
}

function writeSession(folder: string, session: Session): void {
  writeFileSync(join(folder, "session.json"), `${JSON.stringify(session, null, 2)}\n`);
}

async function coverageOf(options: SessionOptions, inventory: readonly Element[], outcomes: readonly DrillOutcome[]): Promise<string[]> {
  if (!options.full || options.signal.aborted) return [];
  const hits = outcomes.filter(({ verdict }) => verdict !== "not run").flatMap(({ elements }) => elements);
  return uncovered(inventory, hits);
}

/**
 * Runs the drills to their verdicts. A platform that could not be healed ends the run: nothing more is broken there.
 * @throws DrillRefused before anything is broken
 */
export async function runDrills(options: SessionOptions): Promise<SessionEnd> {
  const { target, drills, repeat, events, signal } = options;
  await requireAllowed(target);
  await requireFree(target, options.kept);
  const inventory = options.full ? await readInventory(target) : [];
  const started = new Date();
  const folder = join(target.reports, stampOf(started));
  mkdirSync(folder, { recursive: true });
  const session: Session = {
    ...{ startedAt: started.toISOString(), endedAt: null, stack: target.stack, full: options.full, machine: machineOf() },
    ...{ drills: drills.map(({ name }) => name), repeat, room: options.room ?? 1, uncovered: null },
  };
  writeSession(folder, session);
  const mark = markRunning(target.reports, { stack: target.stack, folder });
  const outcomes: DrillOutcome[] = [];
  // While one drill is judged the next gets ready.
  let judged: Promise<unknown> = Promise.resolve();
  try {
    for (let run = 1; run <= repeat; run += 1) {
      for (const drill of drills) {
        if (signal.aborted || outcomes.some(({ unhealed }) => unhealed.length > 0)) break;
        events?.onDrill?.(drill, run, repeat);
        // What stands there may have been replaced since the last drill.
        await requireAllowed(target);
        const own = join(folder, `${drill.name}-${run}`);
        mark.setJournal(join(own, "journal.ndjson"));
        const settled = Promise.withResolvers<void>();
        let inFront = true;
        const running = runDrill(drill, {
          ...{ target, parts: options.parts, folder: own, run, runName: `${drill.name}-${run}-${stampOf(new Date())}`, signal },
          ...(options.timings === undefined ? {} : { timings: options.timings }),
          ...(options.room === undefined ? {} : { room: options.room }),
          before: judged,
          onSettled: settled.resolve,
          onLine: (line) => inFront && events?.onLine?.(line),
          onLoad: (operations) => events?.onLoad?.(operations),
        });
        judged = Promise.all([running, judged]).then(([outcome]) => {
          outcomes.push(outcome);
          events?.onOutcome?.(outcome);
        });
        await Promise.race([settled.promise, judged]);
        inFront = false;
      }
    }
  } finally {
    await judged;
    mark.remove();
  }
  const missed = await coverageOf(options, inventory, outcomes);
  writeSession(folder, { ...session, endedAt: new Date().toISOString(), uncovered: options.full && !signal.aborted ? missed : null });
  return { folder, outcomes, uncovered: missed };
}
