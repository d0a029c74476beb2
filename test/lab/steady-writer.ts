/**
 * An open-loop writer: writes begin at a steady rate whatever becomes of those before, so that a stall cannot hide. It behaves like
 * a client that follows the rules: an Idempotency-Key for each write, the same key for every repetition, a deadline.
 */
import { randomUUID } from "node:crypto";
import { Agent, request } from "node:https";
import { setTimeout as delay } from "node:timers/promises";

const connectTimeoutMs = 2_500;
const retryPauseMs = 100;
/** A socket whose peer has vanished is noticed by keep-alive probes, this long after the last byte. */
const keepAliveMs = 1_000;
const connectionsMax = 512;

export interface WriterOptions {
  /** Where resources of this kind are created: `https://…/fhir/Observation` */
  url: string;
  token: string;
  authority: string;
  writesPerSecond: number;
  /** From when a write was due until it must have been acknowledged. */
  deadlineMs: number;
  /** The resource of write number `n`. */
  body: (n: number) => object;
}

export interface Write {
  n: number;
  /** When it was due, by performance.now(). */
  dueMs: number;
  endedMs: number | undefined;
  attempts: number;
  /** Of the acknowledged resource. */
  id: string | undefined;
  /** Why it was given up, or undefined. */
  failure: string | undefined;
}

export interface Writer {
  writes: readonly Write[];
  /** Begins no more writes and waits for those under way. */
  stop(): Promise<void>;
}

type Attempt =
  | { kind: "acknowledged"; id: string }
  | { kind: "again"; reason: string; afterMs: number }
  | { kind: "refused"; reason: string };

function readAnswer(status: number, body: string, retryAfter: string | undefined): Attempt {
  if (status === 201 || status === 200) {
    const { id } = JSON.parse(body) as { id?: string };
    return id === undefined ? { kind: "refused", reason: `HTTP ${status} without an id` } : { kind: "acknowledged", id };
  }
  const reason = `HTTP ${status} ${body.slice(0, 200)}`;
  if (status >= 500 && retryAfter !== undefined) return { kind: "again", reason, afterMs: Number(retryAfter) * 1_000 || retryPauseMs };
  return { kind: "refused", reason };
}

function attempt(options: WriterOptions, agent: Agent, key: string, body: string, timeoutMs: number): Promise<Attempt> {
  return new Promise((resolve) => {
    const again = (reason: string) => resolve({ kind: "again", reason, afterMs: retryPauseMs });
    const headers = {
      authorization: `Bearer ${options.token}`,
      "content-type": "application/fhir+json",
      "content-length": Buffer.byteLength(body),
      "idempotency-key": key,
    };
    const asked = request(options.url, { method: "POST", agent, headers, signal: AbortSignal.timeout(timeoutMs) }, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("error", (failure) => again(failure.message));
      response.on("end", () => {
        try {
          resolve(readAnswer(response.statusCode ?? 0, Buffer.concat(parts).toString("utf8"), response.headers["retry-after"]));
        } catch (failure) {
          again(`the answer could not be read: ${(failure as Error).message}`);
        }
      });
    });
    asked.on("socket", (socket) => {
      if (!socket.connecting) return;
      const timer = setTimeout(() => asked.destroy(new Error(`no connection within ${connectTimeoutMs} ms`)), connectTimeoutMs);
      socket.once("secureConnect", () => {
        clearTimeout(timer);
        socket.setKeepAlive(true, keepAliveMs);
      });
      socket.once("close", () => clearTimeout(timer));
    });
    asked.on("error", (failure) => again(failure.message));
    asked.end(body);
  });
}

async function carryOut(write: Write, options: WriterOptions, agent: Agent): Promise<void> {
  const key = randomUUID();
  const body = JSON.stringify(options.body(write.n));
  const deadlineMs = write.dueMs + options.deadlineMs;
  let last = "not tried";
  for (;;) {
    const leftMs = Math.floor(deadlineMs - performance.now());
    if (leftMs <= 0) {
      write.failure = `past its deadline after ${write.attempts} attempts: ${last}`;
      break;
    }
    write.attempts += 1;
    const outcome = await attempt(options, agent, key, body, leftMs);
    if (outcome.kind === "acknowledged") {
      write.id = outcome.id;
      break;
    }
    last = outcome.reason;
    if (outcome.kind === "refused") {
      write.failure = last;
      break;
    }
    await delay(Math.min(outcome.afterMs, Math.max(0, deadlineMs - performance.now())));
  }
  write.endedMs = performance.now();
}

/** Starts to write; runs until stopped. */
export function startWriter(options: WriterOptions): Writer {
  const agent = new Agent({ ca: options.authority, keepAlive: true, maxSockets: connectionsMax, scheduling: "lifo" });
  const writes: Write[] = [];
  const underWay = new Set<Promise<void>>();
  const startedMs = performance.now();
  const intervalMs = 1_000 / options.writesPerSecond;
  const timer = setInterval(() => {
    // As many as are due by now: a late timer does not lower the rate.
    while (startedMs + writes.length * intervalMs <= performance.now()) {
      const write: Write = {
        n: writes.length,
        dueMs: startedMs + writes.length * intervalMs,
        endedMs: undefined,
        attempts: 0,
        id: undefined,
        failure: undefined,
      };
      writes.push(write);
      const work = carryOut(write, options, agent).finally(() => underWay.delete(work));
      underWay.add(work);
    }
  }, intervalMs);
  return {
    writes,
    async stop() {
      clearInterval(timer);
      await Promise.all(underWay);
      agent.destroy();
    },
  };
}

/** The longest that a write due in this span had to wait for its acknowledgement, failed ones with all they waited. */
export function longestStallMs(writes: readonly Write[], fromMs: number, toMs: number): number {
  const waits = writes
    .filter(({ dueMs }) => dueMs >= fromMs && dueMs <= toMs)
    .map(({ dueMs, endedMs }) => (endedMs ?? performance.now()) - dueMs);
  return Math.round(Math.max(0, ...waits));
}
