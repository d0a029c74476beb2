import { setTimeout as sleep } from "node:timers/promises";
import { ApiError, CancelledError, isTransient, UnreachableError } from "./api-error.ts";

const firstDelayMs = 500;
const longestDelayMs = 5_000;
/** A server that cannot be reached at all for this long is not coming back by itself. */
const unreachablePatienceMs = 60_000;

/** How long and how to try again. */
export interface RetryOptions {
  /** When to give up, as milliseconds of `Date.now()`. */
  deadlineMs: number;
  signal: AbortSignal;
  /** Which errors are worth another try; transient ones when absent. */
  isWorthRetrying?: (error: unknown) => boolean;
  /** Told before each wait. */
  onRetry?: (error: Error) => void;
}

/** Runs an operation again while it fails for a passing reason and time is left; the last error is thrown as it is. */
export async function retry<T>(operation: () => Promise<T>, options: RetryOptions): Promise<T> {
  const isWorthRetrying = options.isWorthRetrying ?? isTransient;
  let reachedMs = Date.now();
  for (let delayMs = firstDelayMs; ; delayMs = Math.min(delayMs * 2, longestDelayMs)) {
    try {
      return await operation();
    } catch (error) {
      if (options.signal.aborted) throw new CancelledError();
      const waitMs = Math.max(delayMs, (error instanceof ApiError ? error.retryAfterMs : undefined) ?? 0);
      if (!(error instanceof UnreachableError)) reachedMs = Date.now();
      if (Date.now() - reachedMs > unreachablePatienceMs) throw error;
      if (!(error instanceof Error) || !isWorthRetrying(error) || Date.now() + waitMs > options.deadlineMs) throw error;
      options.onRetry?.(error);
      await pause(waitMs, options.signal);
    }
  }
}

/** Waits; throws CancelledError when aborted meanwhile. */
export async function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(durationMs, undefined, { signal });
  } catch {
    throw new CancelledError();
  }
}
