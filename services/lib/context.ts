import type { Logger } from "pino";
import type { Principal } from "./principal.ts";
import type { PurposeOfUse } from "./purpose-of-use.ts";

/** The point in time by which a request must have been answered. */
export class Deadline {
  /** Milliseconds on the monotonic clock (`performance.now()`). */
  readonly atMs: number;

  constructor(atMs: number) {
    this.atMs = atMs;
  }

  static after(durationMs: number): Deadline {
    return new Deadline(performance.now() + durationMs);
  }

  /** Never negative. */
  remainingMs(): number {
    return Math.max(0, this.atMs - performance.now());
  }

  get passed(): boolean {
    return performance.now() >= this.atMs;
  }
}

/**
 * What every operation needs to know about the request it serves; always the first argument.
 * Background work (migrations, the audit outbox) makes its own with `backgroundContext`.
 */
export interface Context {
  /** X-Request-Id of the request, or a made one; in every log line and audit record. */
  readonly requestId: string;
  readonly deadline: Deadline;
  /** Aborted when the client has left without waiting for the answer. */
  readonly left?: AbortSignal | undefined;
  /** Nobody waits for it: it may be the last to learn where the primary went. */
  readonly background?: boolean | undefined;
  readonly log: Logger;
  /** Who asks. */
  readonly principal: Principal;
  /** Why they ask, where they say so. */
  readonly purpose?: PurposeOfUse | undefined;
}

/** A context for work that no client asked for. */
export function backgroundContext(log: Logger, name: string, deadlineMs: number): Context {
  return {
    requestId: `${name}-${crypto.randomUUID()}`,
    deadline: Deadline.after(deadlineMs),
    background: true,
    log: log.child({ task: name }),
    principal: { subject: name, clientId: name, role: "system", scopes: [], issuer: "internal" },
  };
}
