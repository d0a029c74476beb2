/** The processes that the benchmark starts: each ends with it, however it ends. */
import { execFile, spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";

const pollMs = 50;
const lastWordsLength = 2_000;

/** PostgreSQL refuses to run as root; its files then belong to `nobody`. */
export const postgresIdentity: { uid?: number; gid?: number } = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};

export interface OwnedProcessOptions {
  name: string;
  command: string;
  args: readonly string[];
  cwd: string;
  env: Record<string, string>;
  /** Gets what it says. */
  logFile: string;
  /** What ends it at once and in order. */
  endSignal: "SIGKILL" | "SIGQUIT" | "SIGTERM";
  identity?: { uid?: number; gid?: number };
}

export interface OwnedProcess {
  readonly pid: number;
  isRunning(): boolean;
  /** By its end signal; by SIGKILL when it has not ended after a while. */
  stop(): Promise<void>;
  /** The end of what it said. */
  lastWords(): string;
}

const stopPatienceMs = 8_000;
const outputBytesMax = 16 * 1024 * 1024;

/** @throws Error when it cannot be started */
export function startProcess(options: OwnedProcessOptions): OwnedProcess {
  const { name, command, args, cwd, env, logFile, endSignal, identity = {} } = options;
  const log = openSync(logFile, "a");
  // A group of its own: Ctrl-C is for the benchmark, which then ends its processes in order. The kernel ends them with it.
  const child = spawn("setpriv", ["--pdeathsig", endSignal.slice("SIG".length), command, ...args], {
    ...{ cwd, env: { PATH: process.env.PATH, ...env }, detached: true, stdio: ["ignore", log, log] },
    ...identity,
  });
  closeSync(log);
  child.on("error", () => undefined);
  if (child.pid === undefined) throw new Error(`${name} cannot be started: ${command} by way of setpriv (util-linux)`);
  const { pid } = child;
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  const onExit = () => child.kill(endSignal);
  // Before whoever removes its files.
  process.prependOnceListener("exit", onExit);
  child.once("exit", () => process.off("exit", onExit));
  return {
    pid,
    isRunning,
    stop: async () => {
      if (isRunning()) child.kill(endSignal);
      const endMs = performance.now() + stopPatienceMs;
      while (isRunning() && performance.now() < endMs) await delay(pollMs);
      if (isRunning()) child.kill("SIGKILL");
    },
    lastWords: () => (existsSync(logFile) ? readFileSync(logFile, "utf8").slice(-lastWordsLength).trim() : ""),
  };
}

export interface RunOptions {
  signal: AbortSignal;
  input?: string;
  cwd?: string;
  env?: Record<string, string>;
  identity?: { uid?: number; gid?: number };
}

/** Runs a program to its end and resolves with its standard output. @throws Error with the end of what it said */
export async function runProgram(command: string, args: readonly string[], options: RunOptions): Promise<string> {
  const { signal, input = "", cwd = "/", identity = {} } = options;
  const env = { PATH: process.env.PATH, LC_ALL: "C.UTF-8", ...options.env };
  const ends = { signal, killSignal: "SIGKILL", maxBuffer: outputBytesMax } as const;
  const running = promisify(execFile)("setpriv", ["--pdeathsig", "KILL", command, ...args], { ...identity, ...ends, cwd, env });
  running.child.stdin?.on("error", () => undefined);
  running.child.stdin?.end(input);
  try {
    return (await running).stdout;
  } catch (failure) {
    signal.throwIfAborted();
    const { stderr, message } = failure as Error & { stderr?: string };
    throw new Error(`${command}: ${(stderr?.trim() || message).slice(-lastWordsLength)}`, { cause: failure });
  }
}

/** Waits until the check holds. @throws Error that says what was waited for; the signal's reason */
export async function until(what: string, limitMs: number, signal: AbortSignal, check: () => Promise<boolean> | boolean): Promise<void> {
  const endMs = performance.now() + limitMs;
  while (!(await check())) {
    if (performance.now() > endMs) throw new Error(`${what}: not within ${limitMs / 1_000} s`);
    await delay(pollMs, undefined, { signal });
  }
}
