/**
 * The load of a drill, carried by k6: an open loop, so that a stall cannot hide. This starts k6, follows what it writes, stops it in
 * an orderly way, and holds what it did against the schedule.
 */
import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { WorkloadName } from "../drill.ts";
import { freePort } from "../free-port.ts";
import type { Operation } from "../history.ts";
import { givePriority } from "../priority.ts";
import type { Target } from "../target.ts";
import { connectFhir } from "./fhir-client.ts";
import { followFile, parseLine, type Skipped } from "./history-file.ts";
import { prepareRun } from "./prepare-run.ts";
import { checkRunName, writeRunFacts } from "./run-facts.ts";
import { dueBy, missingOperations, type Schedule, scheduleStartMs } from "./schedule.ts";
import { attemptMs, codeSystem, connectionsPerUser, deadlineMs, graceMs, mix, pauseMs, users, workloads } from "./workloads.ts";

const tokenMarginS = 900;
const readIntervalMs = 100;
const startLimitMs = 60_000;
const stopLimitMs = 25_000;
const exitLimitMs = 5_000;
const lastWordsLength = 2_000;
const script = join(import.meta.dirname, "script.js");

export interface LoadOptions {
  target: Target;
  workload: WorkloadName;
  /** Gets the history, what k6 said, and what the aftermath needs to know. */
  folder: string;
  /** After so long the load ends by itself, whatever became of whoever started it. */
  seconds: number;
  /** Unique to the run: it marks all that the load writes. */
  runName: string;
  /** Ends the load at once. */
  signal: AbortSignal;
  /** No operation is begun before this has ended; all that takes time is done meanwhile. */
  after?: Promise<unknown> | undefined;
}

export interface RunningLoad {
  /** Grows in the order in which operations end. `n` below 0 are the creates of the set-up. */
  readonly operations: readonly Operation[];
  readonly runName: string;
  /**
   * Begins no more operations and waits for those under way, at most 25 s. What was due and never done is added as failed; then the
   * whole history, in the order of `n`, is in `history.ndjson`.
   * @throws Error when k6 had died before
   */
  stop(): Promise<void>;
}

/** k6 speaks to the platform directly, and takes no other instructions than these. */
function environmentOf(
  { target, seconds, runName, workload }: LoadOptions,
  token: string,
  facts: { patient: string; hot: readonly string[] },
) {
  const inherited = Object.entries(target.environment).filter(([name]) => !/^(K6_.*|DSP_.*|(https?|all|no)_proxy)$/i.test(name));
  const { ratePerSecond } = workloads[workload];
  const bounds = { deadlineMs, attemptMs, pauseMs, graceMs, users, connectionsPerUser };
  const plan = { url: target.publicUrl, runName, ...facts, codeSystem, ratePerSecond, seconds, mix, ...bounds };
  return {
    ...Object.fromEntries(inherited),
    DSP_LOAD: JSON.stringify(plan),
    // In the environment and not an argument: arguments are everybody's to read.
    DSP_TOKEN: token,
    SSL_CERT_FILE: target.caFile,
    // HTTP/1.1: after a request that was given up, Go leaves its connection. An HTTP/2 connection to a dead peer it would go on using.
    GODEBUG: "http2client=0",
  };
}

interface K6 {
  processId: number | undefined;
  /** Resolves with how it ended, in words. */
  ended: Promise<string>;
  isRunning(): boolean;
  kill(signal: NodeJS.Signals): void;
  lastWords(): string;
}

function startK6(address: string, consoleFile: string, folder: string, environment: Record<string, string>): K6 {
  const log = join(folder, "k6.log");
  const descriptor = openSync(log, "w");
  const quiet = ["--quiet", "--no-usage-report", "--no-thresholds", "--summary-mode=disabled", "--no-setup", "--no-teardown", "--no-color"];
  const args = ["run", "--paused", ...quiet, "--log-format=raw", `--console-output=${consoleFile}`, `--address=${address}`, script];
  // A group of its own: Ctrl-C is for whoever started the load, who then stops it in order.
  // The kernel ends it with this process, however that ends: nobody would be there to judge or to stop the load.
  const child = spawn("setpriv", ["--pdeathsig", "KILL", "k6", ...args], {
    env: environment,
    cwd: folder,
    detached: true,
    stdio: ["ignore", descriptor, descriptor],
  });
  closeSync(descriptor);
  // Clients stand elsewhere, and must not be starved by what they measure on a machine that carries both.
  givePriority(child.pid, constants.priority.PRIORITY_HIGHEST);
  let running = true;
  const ended = new Promise<string>((resolve) => {
    const end = (how: string) => {
      running = false;
      resolve(how);
    };
    child.once("error", (failure) => end(`k6 cannot be started: ${failure.message}`));
    child.once("exit", (code, signal) => end(signal === null ? `exit code ${code}` : `signal ${signal}`));
  });
  const kill = (signal: NodeJS.Signals) => {
    if (running) child.kill(signal);
  };
  const onExit = () => kill("SIGKILL");
  process.once("exit", onExit);
  void ended.then(() => process.off("exit", onExit));
  const lastWords = () => readFileSync(log, "utf8").slice(-lastWordsLength).trim();
  return { processId: child.pid, ended, isRunning: () => running, kill, lastWords };
}

/** @throws Error when it does not answer, or refuses */
async function instruct(address: string, attributes: Record<string, number | boolean>): Promise<void> {
  const body = JSON.stringify({ data: { type: "status", id: "default", attributes } });
  const init = { method: "PATCH", body, headers: { "content-type": "application/json" }, signal: AbortSignal.timeout(exitLimitMs) };
  const answer = await fetch(`http://${address}/v1/status`, init);
  if (!answer.ok) throw new Error(`k6 refuses ${Object.keys(attributes)}: HTTP ${answer.status} ${await answer.text()}`);
}

/** Asks k6, by one more user for the script's gate, to begin no more operations. @throws Error when it does not answer */
const closeGate = (address: string): Promise<void> => instruct(address, { "vus-max": 1 });

class Load implements RunningLoad {
  readonly runName: string;
  readonly operations: Operation[];
  readonly #options: LoadOptions;
  readonly #schedule: Schedule;
  readonly #k6: K6;
  readonly #address: string;
  readonly #file: ReturnType<typeof followFile>;
  readonly #skipped: Skipped[] = [];
  readonly #strange: string[] = [];
  #timer: NodeJS.Timeout | undefined;
  #stopped: Promise<void> | undefined;

  constructor(options: LoadOptions, k6: K6, address: string, consoleFile: string, before: readonly Operation[]) {
    this.#options = options;
    this.runName = options.runName;
    this.#schedule = { runName: options.runName, ratePerSecond: workloads[options.workload].ratePerSecond, seconds: options.seconds };
    this.#k6 = k6;
    this.#address = address;
    this.operations = [...before];
    this.#file = followFile(consoleFile, (line) => this.#take(line));
    this.#timer = setInterval(() => this.#file.read(), readIntervalMs);
    options.signal.addEventListener("abort", this.#kill, { once: true });
    void k6.ended.then(() => options.signal.removeEventListener("abort", this.#kill));
  }

  readonly #kill = () => this.#k6.kill("SIGKILL");

  #take(line: string): void {
    try {
      const told = parseLine(line);
      if ("skipped" in told) this.#skipped.push(told);
      else this.operations.push(told);
    } catch {
      this.#strange.push(line);
    }
  }

  get #begun(): readonly Operation[] {
    return this.operations.filter(({ n }) => n >= 0);
  }

  /** Tells k6 to begin, as soon as it listens. @throws Error when k6 ends, or begins nothing */
  async begin(): Promise<void> {
    const endMs = performance.now() + startLimitMs;
    let told = false;
    while (!this.operations.some(({ n }) => n >= 0)) {
      this.#options.signal.throwIfAborted();
      if (!this.#k6.isRunning()) throw new Error(`k6 ended (${await this.#k6.ended}): ${this.#k6.lastWords()}`);
      if (performance.now() > endMs) throw new Error(`k6 began nothing within ${startLimitMs / 1_000} s: ${this.#k6.lastWords()}`);
      if (!told) {
        told = await instruct(this.#address, { paused: false }).then(
          () => true,
          () => false,
        );
      }
      await delay(readIntervalMs);
    }
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    const stopMs = Date.now();
    const { signal } = this.#options;
    const startMs = scheduleStartMs(this.#schedule, this.#begun) ?? stopMs;
    // It ends by itself when its time is over; before that, only because it died or was aborted.
    const died = !this.#k6.isRunning() && !signal.aborted && stopMs < startMs + this.#schedule.seconds * 1_000;
    try {
      if (this.#k6.isRunning() && !signal.aborted) await this.#drain(startMs, stopMs);
    } finally {
      await this.end();
      this.#finish(stopMs);
    }
    if (died) throw new Error(`k6 died under the load (${await this.#k6.ended}): ${this.#k6.lastWords()}`);
    if (this.#strange.length > 0) throw new Error(`k6 wrote ${this.#strange.length} lines that are no operations: ${this.#strange[0]}`);
  }

  /** Until all that was due before the gate closed has ended. */
  async #drain(startMs: number, stopMs: number): Promise<void> {
    try {
      await closeGate(this.#address);
    } catch (failure) {
      // Its time was over just then: it hears nobody any more, and ends.
      const ended = await Promise.race([this.#k6.ended.then(() => true), delay(exitLimitMs, false, { ref: false })]);
      if (!ended) throw failure;
    }
    const endMs = performance.now() + stopLimitMs;
    while (this.#k6.isRunning() && performance.now() < endMs) {
      this.#file.read();
      const told = new Set([...this.#begun, ...this.#skipped].map(({ n }) => n));
      const due = dueBy(this.#schedule, startMs, stopMs);
      // What is older than its deadline was never begun: nothing to wait for.
      const first = dueBy(this.#schedule, startMs, Date.now() - deadlineMs - graceMs);
      const last = Math.max(due - 1, ...told);
      let open = false;
      for (let n = first; n <= last; n++) open ||= !told.has(n);
      if (!open && this.#skipped.length > 0) return;
      await delay(readIntervalMs);
    }
  }

  /** Ends k6 and reads its last lines. */
  async end(): Promise<void> {
    this.#k6.kill("SIGTERM");
    await Promise.race([this.#k6.ended, delay(exitLimitMs, undefined, { ref: false })]);
    this.#k6.kill("SIGKILL");
    await this.#k6.ended;
    clearInterval(this.#timer);
    this.#file.read();
    this.#file.close();
  }

  #finish(stopMs: number): void {
    this.operations.push(...missingOperations(this.#schedule, { operations: this.#begun, skipped: this.#skipped }, stopMs));
    const lines = this.operations.toSorted((left, right) => left.n - right.n).map((operation) => JSON.stringify(operation));
    writeFileSync(join(this.#options.folder, "history.ndjson"), `${lines.join("\n")}\n`);
  }
}

/** Resolves once the first operation has ended. @throws Error when the run cannot be prepared, or k6 does not begin */
export async function startLoad(options: LoadOptions): Promise<RunningLoad> {
  const { target, folder, seconds, runName, signal } = options;
  checkRunName(runName);
  const startedMs = Date.now();
  mkdirSync(folder, { recursive: true });
  const consoleFile = join(folder, "k6.ndjson");
  rmSync(consoleFile, { force: true });
  const token = await target.makeToken(seconds + tokenMarginS);
  const client = connectFhir(target, token);
  const { patient, hot, operations } = await prepareRun(client, runName).finally(() => client.close());
  signal.throwIfAborted();
  const address = `127.0.0.1:${await freePort()}`;
  const k6 = startK6(address, consoleFile, folder, environmentOf(options, token, { patient, hot }));
  writeRunFacts(folder, { runName, startedMs, patient, hot, processId: k6.processId });
  const load = new Load(options, k6, address, consoleFile, operations);
  try {
    await options.after;
    await load.begin();
  } catch (failure) {
    await load.end();
    throw failure;
  }
  return load;
}
