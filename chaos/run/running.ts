/** Who is drilling: one run of drills at a time, found by whoever wants it to stop. The file outlives a runner that was killed. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";

const runningSchema = z.object({
  processId: z.int(),
  /** When the kernel started the process, in its own ticks: a number that is used again has another. */
  processStart: z.string().nullable(),
  stack: z.string(),
  /** Of the run of drills. */
  folder: z.string(),
  /** Of the drill under way; null before the first. */
  journal: z.string().nullable(),
});

export type Running = z.infer<typeof runningSchema>;

function fileOf(reports: string): string {
  return join(reports, "running.json");
}

/** Field 22 of /proc/<pid>/stat; null where there is no such file system. */
function processStart(processId: number): string | null {
  try {
    const stat = readFileSync(`/proc/${processId}/stat`, "utf8");
    // The second field, the program's name, may hold blanks and brackets.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
  } catch {
    return null;
  }
}

export function isAlive({ processId, processStart: start }: Pick<Running, "processId" | "processStart">): boolean {
  try {
    process.kill(processId, 0);
  } catch (failure) {
    if ((failure as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  return start === null || processStart(processId) === start;
}

/** @returns the run that is under way, or that died and left its file; undefined: neither */
export function readRunning(reports: string): Running | undefined {
  try {
    return runningSchema.parse(JSON.parse(readFileSync(fileOf(reports), "utf8")));
  } catch {
    return undefined;
  }
}

export interface RunningMark {
  /** Says which journal is being written. */
  setJournal(journal: string | null): void;
  remove(): void;
}

/** Marks this process as the one that drills. The caller has seen that no other does. */
export function markRunning(reports: string, run: Pick<Running, "stack" | "folder">): RunningMark {
  const own = { processId: process.pid, processStart: processStart(process.pid), ...run };
  const write = (journal: string | null) => {
    mkdirSync(reports, { recursive: true });
    const file = fileOf(reports);
    writeFileSync(`${file}.new`, `${JSON.stringify({ ...own, journal })}\n`);
    renameSync(`${file}.new`, file);
  };
  write(null);
  return { setJournal: write, remove: () => rmSync(fileOf(reports), { force: true }) };
}

export function forgetRunning(reports: string): void {
  rmSync(fileOf(reports), { force: true });
}

/** Asks a living runner to heal and end, and waits for it. @returns whether it ended in time */
export async function stopRunning(reports: string, running: Running, limitMs: number): Promise<boolean> {
  process.kill(running.processId, "SIGTERM");
  const endMs = performance.now() + limitMs;
  while (performance.now() < endMs) {
    if (!existsSync(fileOf(reports)) || !isAlive(running)) return true;
    await delay(250);
  }
  return false;
}
