import type { Deadline } from "../context.ts";
import type { Metrics } from "../metrics.ts";
import { clientLeft, type FhirError, unavailable } from "../operation-outcome.ts";
import type { Connection } from "./connection-pool.ts";

/**
 * Which instance will do: writes need the primary; a read may take whichever there is (`any`), or, having found the primary
 * slow, wants a standby as long as there is one (`standby`).
 */
export type Wish = "primary" | "any" | "standby";

interface Waiter {
  wish: Wish;
  /** When its request came, by which it is served, and since when it waits this time. */
  cameMs: number;
  sinceMs: number;
  timer: NodeJS.Timeout;
  /** Ends the wait of a client that leaves. */
  leave: () => void;
  left: AbortSignal | undefined;
  resolve(connection: Connection): void;
  reject(error: FhirError): void;
}

export interface WaitOptions {
  /** When the request first asked (`performance.now()`): one whose transaction was lost with its connection keeps its place. Now, if left out. */
  readonly cameMs?: number;
  readonly left?: AbortSignal | undefined;
}

/**
 * Requests that wait for a database connection, in the order in which they came; bounded in number by `max` and in time by
 * each request's deadline. Past either bound a request is refused with 503. Who leaves is forgotten: clients that gave up and came
 * back would otherwise be served twice and more, the longest gone first, at the very moment when everybody is waiting.
 */
export class HoldQueue {
  readonly #max: number;
  readonly #metrics: Metrics;
  readonly #waiters: Waiter[] = [];

  constructor(options: { max: number; metrics: Metrics }) {
    this.#max = options.max;
    this.#metrics = options.metrics;
  }

  get length(): number {
    return this.#waiters.length;
  }

  /** How many would take a connection to an instance that serves these wishes. */
  count(wishes: ReadonlySet<Wish>): number {
    let count = 0;
    for (const waiter of this.#waiters) if (wishes.has(waiter.wish)) count++;
    return count;
  }

  /** Waits for a connection. @throws FhirError 503, and 499 when `left` says that the client is gone */
  wait(deadline: Deadline, wish: Wish, { cameMs, left }: WaitOptions = {}): Promise<Connection> {
    if (left?.aborted) {
      return Promise.reject(clientLeft());
    }
    if (this.#waiters.length >= this.#max) {
      return Promise.reject(unavailable("Too many requests are waiting for the database", 5));
    }
    return new Promise((resolve, reject) => {
      const sinceMs = performance.now();
      const waiter: Waiter = {
        wish,
        cameMs: cameMs ?? sinceMs,
        sinceMs,
        timer: setTimeout(() => {
          this.#remove(waiter);
          reject(unavailable("The database could not be reached within the deadline"));
        }, deadline.remainingMs()),
        leave: () => {
          this.#remove(waiter);
          reject(clientLeft());
        },
        left,
        resolve,
        reject,
      };
      left?.addEventListener("abort", waiter.leave, { once: true });
      const before = this.#waiters.findLastIndex((other) => other.cameMs <= waiter.cameMs);
      this.#waiters.splice(before + 1, 0, waiter);
      this.#metrics.held.set(this.#waiters.length);
    });
  }

  /** Gives the connection to the first that will take it; false when none will. */
  serve(connection: Connection, wishes: ReadonlySet<Wish>): boolean {
    for (const waiter of this.#waiters) {
      if (wishes.has(waiter.wish)) {
        this.#remove(waiter);
        waiter.resolve(connection);
        return true;
      }
    }
    return false;
  }

  /** Refuses all who wait: the process is going away. */
  clear(): void {
    for (const waiter of [...this.#waiters]) {
      this.#remove(waiter);
      waiter.reject(unavailable("The service is shutting down"));
    }
  }

  #remove(waiter: Waiter): void {
    clearTimeout(waiter.timer);
    waiter.left?.removeEventListener("abort", waiter.leave);
    this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
    this.#metrics.held.set(this.#waiters.length);
    this.#metrics.holdDuration.observe((performance.now() - waiter.sinceMs) / 1000);
  }
}
