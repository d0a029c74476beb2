/** Shows the running step: one live line on a terminal, plain lines elsewhere (start, a heartbeat, end), so that a hang shows where it is. */
import { styleText } from "node:util";

export interface DisplayOptions {
  stream: NodeJS.WriteStream;
  heartbeatMs: number;
}

export interface StepDisplay {
  progress(text: string): void;
  done(result: string | undefined): void;
  failed(reason: string): void;
}

const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const frameMs = 120;

/** A duration for people: `850 ms`, `12.3 s`, `4 min 05 s`. */
export function formatElapsed(elapsedMs: number): string {
  if (elapsedMs < 1_000) return `${Math.round(elapsedMs)} ms`;
  if (elapsedMs < 59_950) return `${(elapsedMs / 1_000).toFixed(1)} s`;
  const seconds = Math.round(elapsedMs / 1_000);
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

/** Colours text when the stream is a terminal that wants colours. */
export function paint(style: "green" | "red" | "yellow" | "dim" | "bold", text: string, stream: NodeJS.WriteStream): string {
  return styleText(style, text, { stream, validateStream: true });
}

function endLine(mark: string, name: string, text: string | undefined, elapsedMs: number): string {
  const details = [text === undefined || text === "" ? undefined : oneLine(text), formatElapsed(elapsedMs)].filter(
    (part) => part !== undefined,
  );
  return `${mark} ${name.padEnd(28)} ${details.join(", ")}`;
}

function showLive(name: string, { stream }: DisplayOptions): StepDisplay {
  const startedMs = performance.now();
  let current = "";
  let frame = 0;
  const draw = () => {
    const elapsed = formatElapsed(Math.floor((performance.now() - startedMs) / 1_000) * 1_000 || 0).replace(".0", "");
    const text = `${frames[frame % frames.length]} ${name.padEnd(28)} ${elapsed} ${oneLine(current)}`;
    stream.write(`\r\x1b[2K${text.slice(0, Math.max(20, (stream.columns ?? 80) - 1))}`);
    frame += 1;
  };
  const timer = setInterval(draw, frameMs);
  draw();
  const end = (line: string) => {
    clearInterval(timer);
    stream.write(`\r\x1b[2K${line}\n`);
  };
  return {
    progress: (text) => {
      current = text;
    },
    done: (result) => end(endLine(paint("green", "✓", stream), name, result, performance.now() - startedMs)),
    failed: (reason) => end(endLine(paint("red", "✗", stream), name, reason, performance.now() - startedMs)),
  };
}

function showLines(name: string, { stream, heartbeatMs }: DisplayOptions): StepDisplay {
  const startedMs = performance.now();
  let current = "";
  stream.write(`… ${name}\n`);
  const timer = setInterval(() => {
    stream.write(`  ${name}: ${formatElapsed(performance.now() - startedMs)}${current === "" ? "" : `, ${oneLine(current)}`}\n`);
  }, heartbeatMs);
  const end = (mark: string, text: string | undefined) => {
    clearInterval(timer);
    stream.write(`${endLine(mark, name, text, performance.now() - startedMs)}\n`);
  };
  return {
    progress: (text) => {
      current = text;
    },
    done: (result) => end("✓", result),
    failed: (reason) => end("✗", reason),
  };
}

export function showStep(name: string, options: DisplayOptions): StepDisplay {
  return options.stream.isTTY ? showLive(name, options) : showLines(name, options);
}
