/** As an impatient client does it: what gets no answer in time is asked again, until the deadline. */
import { setTimeout as delay } from "node:timers/promises";
import { attemptMs, deadlineMs, pauseMs } from "../load/workloads.ts";
import { saysAgain, type WebAnswer } from "./web-client.ts";

export interface Persisted<T> {
  /** The last answer, unless it said to come again; undefined: none before the deadline. */
  answer: T | undefined;
  attempts: number;
  /** Why the last attempt but one, or the whole, did not do. */
  reason: string | undefined;
}

interface Options<T> {
  /** When it was due; milliseconds since 1970. */
  beganMs: number;
  signal: AbortSignal;
  attempt(timeoutMs: number): Promise<T>;
}

/**
 * Repeats what is lost on its way, or answered with 408, 425, 429 or 5xx, within the deadline that the load has too.
 * @throws Error only when it is aborted
 */
export async function persist<T extends Pick<WebAnswer, "status">>({ beganMs, signal, attempt }: Options<T>): Promise<Persisted<T>> {
  const endMs = beganMs + deadlineMs;
  let reason: string | undefined;
  for (let attempts = 0; ; attempts += 1) {
    signal.throwIfAborted();
    const leftMs = endMs - Date.now();
    if (leftMs <= 0) return { answer: undefined, attempts, reason };
    const answer = await attempt(Math.min(attemptMs[attempts] ?? leftMs, leftMs)).catch((failure: Error) => failure);
    if (!(answer instanceof Error) && !saysAgain(answer)) return { answer, attempts: attempts + 1, reason };
    reason = answer instanceof Error ? answer.message : `HTTP ${answer.status}`;
    await delay(Math.min(pauseMs, Math.max(0, endMs - Date.now())), undefined, { signal });
  }
}
