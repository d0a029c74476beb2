/** Shows a run of drills: a live block on a terminal, plain lines elsewhere. */
import type { Drill } from "../../chaos/drill.ts";
import type { Operation } from "../../chaos/history.ts";
import type { JournalLine } from "../../chaos/journal.ts";
import { createLiveView, type LiveFigures, type LiveView } from "../../chaos/run/live-view.ts";
import type { DrillOutcome } from "../../chaos/run/outcome.ts";
import { formatElapsed, paint } from "./step-display.ts";

export interface DrillDisplay {
  say(text: string): void;
  onDrill(drill: Drill, run: number, runs: number): void;
  onLine(line: JournalLine): void;
  onLoad(operations: readonly Operation[]): void;
  onOutcome(outcome: DrillOutcome): void;
  end(): void;
}

const drawMs = 500;
const plainEveryMs = 10_000;
const marks = { valid: ["green", "✓"], invalid: ["red", "✗"], unknown: ["yellow", "?"], "not run": ["yellow", "–"] } as const;
const reasonsShown = 5;

const roleNames = { "postgres-primary": "PostgreSQL", "redis-primary": "Redis", "virtual-ip": "virtual IP" } as const;

function outcomeLines(outcome: DrillOutcome, stream: NodeJS.WriteStream): string[] {
  const { name, verdict, stallMs, failed, lost, doubled, reasons, startedMs, endedMs } = outcome;
  const [style, mark] = marks[verdict];
  const figures =
    stallMs === undefined
      ? []
      : [`stall ${formatElapsed(stallMs)}`, `${failed} failed`, `${lost ?? "?"} lost`, `${doubled ?? "?"} doubled`];
  const head = `${paint(style, mark, stream)} ${name.padEnd(24)} ${paint(style, verdict.padEnd(8), stream)} ${[...figures, formatElapsed(endedMs - startedMs)].join(", ")}`;
  const more = reasons.length - reasonsShown;
  return [head, ...reasons.slice(0, reasonsShown).map((reason) => `    ${reason}`), ...(more > 0 ? [`    and ${more} more`] : [])];
}

function moved({ holders }: LiveFigures): string {
  const parts = Object.entries(roleNames).flatMap(([role, title]) => {
    const seen = holders[role as keyof typeof roleNames];
    return seen === undefined ? [] : [`${title} ${[...seen.moves.slice(-2), seen.holder ?? "nobody"].join(" → ")}`];
  });
  const nodes = holders["nodes-ready"]?.holder;
  const pods = holders["pods-ready"]?.holder;
  return [...parts, ...(nodes ? [`nodes ${nodes}`] : []), ...(pods ? [`pods ${pods}`] : [])].join(", ");
}

function loadLine(figures: LiveFigures): string {
  const { requestsPerSecond, requests, failed, stallMs, longestMs } = figures;
  const stall = stallMs > drawMs ? `stalled for ${formatElapsed(stallMs)}` : "no stall";
  return `${requestsPerSecond.toFixed(0)} requests/s, ${requests} in all, ${failed} failed, ${stall}, longest ${formatElapsed(longestMs)}`;
}

function block(figures: LiveFigures, sinceMs: number, stream: NodeJS.WriteStream): string[] {
  const { drill, phase, faults, reasons } = figures;
  return [
    `${paint("bold", drill, stream)}  ${phase}  ${formatElapsed(sinceMs)}`,
    `  load        ${loadLine(figures)}`,
    `  broken      ${faults.length === 0 ? "nothing" : faults.join("; ")}`,
    `  who         ${moved(figures)}`,
    `  redundancy  ${reasons.length === 0 ? "full" : reasons.join("; ")}`,
  ];
}

/** Lines of the journal that say something to whoever reads along. */
function plainLine(line: JournalLine): string | undefined {
  if (line.entry === "phase") return line.phase === "end" ? undefined : `phase ${line.phase}`;
  if (line.entry === "fault") return `${line.name} ${line.event}${(line.text ?? line.what) ? `: ${line.text ?? line.what}` : ""}`;
  if (line.entry === "redundant") return "full redundancy again";
  return undefined;
}

function showLines(stream: NodeJS.WriteStream): DrillDisplay {
  let view: LiveView = createLiveView();
  let loaded = false;
  let beganMs = performance.now();
  const write = (text: string) => stream.write(`${text}\n`);
  const stamped = (text: string) => write(`  ${formatElapsed(performance.now() - beganMs).padStart(10)}  ${text}`);
  const timer = setInterval(() => loaded && stamped(loadLine(view.figures(Date.now()))), plainEveryMs);
  return {
    say: write,
    onDrill: (drill, run, runs) => {
      view = createLiveView();
      loaded = false;
      beganMs = performance.now();
      write(`${drill.name}${runs > 1 ? `, run ${run} of ${runs}` : ""}: ${drill.title}`);
    },
    onLine: (line) => {
      view.take(line);
      if (line.entry === "phase" && (line.phase === "check" || line.phase === "end")) loaded = false;
      const text = plainLine(line);
      if (text !== undefined) stamped(text);
    },
    onLoad: (operations) => {
      view.setOperations(operations);
      loaded = true;
    },
    onOutcome: (outcome) => write(outcomeLines(outcome, stream).join("\n")),
    end: () => clearInterval(timer),
  };
}

function showLive(stream: NodeJS.WriteStream): DrillDisplay {
  let view: LiveView | undefined;
  let drawn = 0;
  let beganMs = performance.now();
  const clear = () => {
    if (drawn > 0) stream.write(`\x1b[${drawn}A\x1b[J`);
    drawn = 0;
  };
  const draw = () => {
    clear();
    if (view === undefined) return;
    const width = Math.max(20, (stream.columns ?? 80) - 1);
    // Cut by what is seen: the first line carries the only colours, and is short.
    const lines = block(view.figures(Date.now()), performance.now() - beganMs, stream).map((line, index) =>
      index === 0 ? line : line.slice(0, width),
    );
    stream.write(`${lines.join("\n")}\n`);
    drawn = lines.length;
  };
  const timer = setInterval(draw, drawMs);
  const write = (text: string) => {
    clear();
    stream.write(`${text}\n`);
    draw();
  };
  return {
    say: write,
    onDrill: () => {
      view = createLiveView();
      beganMs = performance.now();
    },
    onLine: (line) => view?.take(line),
    onLoad: (operations) => view?.setOperations(operations),
    onOutcome: (outcome) => write(outcomeLines(outcome, stream).join("\n")),
    end: () => {
      clearInterval(timer);
      view = undefined;
      clear();
    },
  };
}

export function showDrills(stream: NodeJS.WriteStream): DrillDisplay {
  return stream.isTTY ? showLive(stream) : showLines(stream);
}
