/** Runs programs without a shell, each in a process group of its own, so that an interrupt reaches the whole tree and nothing is left behind. */
import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { givePriority } from "../../chaos/priority.ts";

export interface RunOptions {
  cwd?: string;
  /** Added to the environment of this process; `undefined` removes a variable. */
  env?: Record<string, string | undefined>;
  /** Written to standard input, which is closed after it. Secrets go here, never into arguments: arguments are logged. */
  input?: string | Buffer;
  timeoutMs?: number;
  /** Resolve with standard output even when the exit code is not 0. */
  allowFailure?: boolean;
  /** Called with each line of standard output and standard error, as it comes. */
  onLine?: (line: string) => void;
}

export interface CommandContext {
  signal?: AbortSignal;
  /** Receives everything the command prints, and the command itself. */
  onText?: (text: string) => void;
}

/** A command that could not be started, failed, ran out of time or was interrupted. */
export class CommandError extends Error {
  readonly command: string;
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;

  constructor(message: string, details: { command: string; exitCode?: number; stdout?: string; stderr?: string; cause?: unknown }) {
    super(message, { cause: details.cause });
    this.name = "CommandError";
    this.command = details.command;
    this.exitCode = details.exitCode;
    this.stdout = details.stdout ?? "";
    this.stderr = details.stderr ?? "";
  }
}

/** What an operator runs stands elsewhere: on a machine that carries the lab too, most of the processor is the lab's. */
const niceness = 5;
const killAfterMs = 10_000;
const closeGraceMs = 2_000;
const running = new Set<ChildProcess>();

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group has ended already.
  }
}

/** Kills at once whatever `runCommand` still has running. */
export function killRunning(): void {
  for (const child of running) signalGroup(child, "SIGKILL");
}

process.on("exit", killRunning);

/** Asks a child's whole group to stop: SIGINT first (programs clean up), then SIGTERM, and SIGKILL for whatever is left. */
async function stopGroup(child: ChildProcess): Promise<void> {
  for (const signal of ["SIGINT", "SIGTERM", "SIGKILL"] as const) {
    if (child.exitCode !== null || child.signalCode !== null) break;
    signalGroup(child, signal);
    const ended = new AbortController();
    const onExit = () => ended.abort();
    child.once("exit", onExit);
    await delay(killAfterMs, undefined, { signal: ended.signal, ref: false }).catch(() => undefined);
    child.off("exit", onExit);
  }
  // A shell's background children ignore SIGINT and would outlive it.
  signalGroup(child, "SIGKILL");
}

/** Collects a stream's text and calls back with each whole line. */
function collect(stream: NodeJS.ReadableStream | null, onText: (text: string) => void, onLine?: (line: string) => void) {
  const parts: string[] = [];
  let rest = "";
  stream?.setEncoding("utf8");
  stream?.on("data", (text: string) => {
    parts.push(text);
    onText(text);
    if (!onLine) return;
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line);
  });
  return {
    text: () => parts.join(""),
    flush: () => {
      if (rest !== "") onLine?.(rest);
      rest = "";
    },
  };
}

function shown(command: string, args: readonly string[]): string {
  return [command, ...args].map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word))).join(" ");
}

/** Waits for the exit, then for the pipes to close, but not for a daemon the command left behind with those pipes open. */
function waitForEnd(child: ChildProcess): Promise<{ code: number | null; signal: NodeJS.Signals | null; failure?: Error }> {
  return new Promise((resolve) => {
    child.once("error", (failure) => resolve({ code: null, signal: null, failure }));
    child.once("exit", (code, signal) => {
      const timer = setTimeout(() => {
        child.stdout?.destroy();
        child.stderr?.destroy();
        resolve({ code, signal });
      }, closeGraceMs);
      child.once("close", () => {
        clearTimeout(timer);
        resolve({ code, signal });
      });
    });
  });
}

/**
 * Runs a command to its end and resolves with its standard output.
 * @throws CommandError when it cannot be started, exits with another code than 0 (unless `allowFailure`), runs out of time or is interrupted
 */
export async function runCommand(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
  context: CommandContext = {},
): Promise<string> {
  const line = shown(command, args);
  const onText = context.onText ?? (() => undefined);
  if (context.signal?.aborted) throw new CommandError(`${command}: interrupted before it began`, { command });
  onText(`$ ${line}\n`);
  const env = { ...process.env, ...options.env };
  const child = spawn(command, [...args], { cwd: options.cwd, env, detached: true, stdio: ["pipe", "pipe", "pipe"] });
  givePriority(child.pid, niceness);
  running.add(child);
  const stdout = collect(child.stdout, onText, options.onLine);
  const stderr = collect(child.stderr, onText, options.onLine);
  child.stdin?.on("error", () => undefined);
  child.stdin?.end(options.input);

  let stoppedBecause: string | undefined;
  const stop = (reason: string) => {
    stoppedBecause ??= reason;
    void stopGroup(child);
  };
  const onAbort = () => stop("interrupted");
  context.signal?.addEventListener("abort", onAbort, { once: true });
  const { timeoutMs } = options;
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => stop(`ran longer than ${timeoutMs / 1000} s`), timeoutMs);

  const end = await waitForEnd(child);
  clearTimeout(timer);
  context.signal?.removeEventListener("abort", onAbort);
  running.delete(child);
  stdout.flush();
  stderr.flush();

  const details = { command: line, exitCode: end.code ?? undefined, stdout: stdout.text(), stderr: stderr.text(), cause: end.failure };
  if (end.failure) throw new CommandError(`${command} could not be started: ${end.failure.message}`, details);
  if (stoppedBecause) throw new CommandError(`${command} was stopped: ${stoppedBecause}`, details);
  if (end.code !== 0 && !options.allowFailure) {
    const how = end.signal ? `was ended by ${end.signal}` : `exited with ${end.code}`;
    throw new CommandError(`${line.length > 200 ? `${line.slice(0, 200)}…` : line} ${how}`, details);
  }
  return stdout.text();
}

/**
 * Runs a program whose output goes straight to this one's, and resolves with its exit code. On an interrupt it is stopped like any other.
 * @throws CommandError when it cannot be started or was interrupted
 */
export async function runVisible(
  command: string,
  args: readonly string[],
  options: { cwd: string; env: Record<string, string | undefined>; signal: AbortSignal },
): Promise<number> {
  const { signal } = options;
  const child = spawn(command, [...args], { cwd: options.cwd, env: options.env, detached: true, stdio: ["ignore", "inherit", "inherit"] });
  givePriority(child.pid, niceness);
  running.add(child);
  const onAbort = () => void stopGroup(child);
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  const end = await waitForEnd(child);
  signal.removeEventListener("abort", onAbort);
  running.delete(child);
  if (end.failure) throw new CommandError(`${command} could not be started: ${end.failure.message}`, { command, cause: end.failure });
  if (signal.aborted) throw new CommandError(`${command} was stopped: interrupted`, { command });
  return end.code ?? 1;
}
