/** The journal of one run of a drill: append-only, a line as each thing happens, so that it is whole up to the moment the runner dies. */
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";

export const phases = ["steady", "load", "inject", "heal", "settle", "check", "end"] as const;
export type Phase = (typeof phases)[number];

const verdict = z.enum(["valid", "invalid", "unknown"]);
const drillVerdict = z.enum(["valid", "invalid", "unknown", "not run"]);
const texts = z.array(z.string());

const entrySchema = z.discriminatedUnion("entry", [
  z.object({
    entry: z.literal("begin"),
    drill: z.string(),
    title: z.string(),
    run: z.int(),
    runName: z.string(),
    stack: z.string(),
    hypothesis: z.string(),
    tolerates: z.string(),
    workload: z.string(),
    promise: z.object({ row: z.string(), stallBarMs: z.number(), stallGoalMs: z.number() }),
    faults: texts,
    /** What bars and SLO are multiplied with; left out: 1. */
    room: z.number().optional(),
    processId: z.int(),
  }),
  z.object({ entry: z.literal("phase"), phase: z.enum(phases) }),
  /** How fast the machine computed before the load. */
  z.object({ entry: z.literal("pace"), processorMs: z.number(), tookMs: z.number() }),
  /** One fault of the drill, by its number in it; what is known so far. */
  z.object({
    entry: z.literal("fault"),
    fault: z.int(),
    name: z.string(),
    event: z.enum(["aimed", "injecting", "injected", "happened", "healing", "healed", "remains", "not possible"]),
    what: z.string().optional(),
    elements: texts.optional(),
    /** What went down with the elements: pods and volumes of a killed node. */
    carried: texts.optional(),
    /** Node or engine heals it by themselves after so long. */
    limitS: z.number().optional(),
    text: z.string().optional(),
  }),
  z.object({
    entry: z.literal("sighting"),
    role: z.enum(["postgres-primary", "redis-primary", "virtual-ip", "nodes-ready", "pods-ready"]),
    holder: z.string().nullable(),
  }),
  /** How quickly it answered just before the fault, and how long that was waited for. */
  z.object({ entry: z.literal("calm"), medianMs: z.number(), waitedMs: z.number() }),
  /** A reading of the platform's status, and what it cost. */
  z.object({
    entry: z.literal("status"),
    healthy: z.boolean(),
    unknown: z.boolean(),
    reasons: texts,
    tookMs: z.number(),
    processorMs: z.number(),
  }),
  z.object({ entry: z.literal("redundant") }),
  z.object({ entry: z.literal("log"), text: z.string() }),
  z.object({
    entry: z.literal("check"),
    name: z.string(),
    title: z.string(),
    verdict,
    figures: z.record(z.string(), z.number()),
    findings: texts,
  }),
  z.object({
    entry: z.literal("verdict"),
    verdict: drillVerdict,
    reasons: texts,
    stallMs: z.number().optional(),
    failed: z.number(),
    lost: z.number().optional(),
    doubled: z.number().optional(),
    unhealed: texts,
  }),
]);

const lineSchema = z.intersection(z.object({ atMs: z.number() }), entrySchema);

export type Entry = z.infer<typeof entrySchema>;
export type JournalLine = z.infer<typeof lineSchema>;

export interface Journal {
  readonly file: string;
  /** @param atMs when it happened, where that is not now */
  write(entry: Entry, atMs?: number): void;
  close(): void;
}

/** Entries that must be on disk before anything else happens: what was about to be broken, and the phase. */
function mustLast(entry: Entry): boolean {
  return entry.entry === "begin" || entry.entry === "phase" || entry.entry === "fault" || entry.entry === "verdict";
}

/** Opens a journal, which is added to where it is there already. @param onLine called with each line as it is written */
export function openJournal(file: string, onLine: (line: JournalLine) => void = () => undefined): Journal {
  mkdirSync(dirname(file), { recursive: true });
  const descriptor = openSync(file, "a");
  let open = true;
  return {
    file,
    write: (entry, atMs = Date.now()) => {
      const line: JournalLine = { atMs, ...entry };
      if (open) {
        writeSync(descriptor, `${JSON.stringify(line)}\n`);
        if (mustLast(entry)) fsyncSync(descriptor);
      }
      onLine(line);
    },
    close: () => {
      if (open) closeSync(descriptor);
      open = false;
    },
  };
}

/** Reads a journal; the last line of a runner that was killed may be half written and is then passed over. @throws Error for any other broken line */
export function readJournal(file: string): JournalLine[] {
  const lines = readFileSync(file, "utf8").split("\n");
  const rest = lines.pop();
  return lines.map((line, index) => {
    try {
      return lineSchema.parse(JSON.parse(line));
    } catch (cause) {
      const problem = rest === undefined ? "" : (cause as Error).message;
      throw new Error(`${file}:${index + 1} is no line of a journal: ${problem}`, { cause });
    }
  });
}
