import type pg from "pg";
import type { Logger } from "pino";
import type { InstanceView } from "./choose-primary.ts";
import { connect, destroy, type PostgresAccess } from "./connect.ts";
import { type Instance, instanceName } from "./instance.ts";

export interface ProbeLimits {
  /** An instance that has not answered for so long is `slow`. */
  slowAfterMs: number;
  /** And after so long it is `lost`. */
  lostAfterMs: number;
  connectTimeoutMs: number;
}

/** How many times longer an instance is left alone that has refused again and again. */
const refusedPauseMax = 4;

const question = `SELECT pg_is_in_recovery() AS in_recovery,
  CASE WHEN pg_is_in_recovery() THEN pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::text END AS replayed,
  CASE WHEN NOT pg_is_in_recovery() THEN pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::text END AS written,
  CASE WHEN NOT pg_is_in_recovery() THEN substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) END AS timeline`;

interface Answer {
  in_recovery: boolean;
  replayed: string | null;
  written: string | null;
  timeline: string | null;
}

/**
 * Keeps one connection to one instance and asks it, again and again, what it is. The connection itself is a detector: the
 * death of the server closes it, which is noticed at once.
 */
export class InstanceProbe {
  readonly instance: Instance;
  view: InstanceView;
  /** When the instance answered last, on the monotonic clock. */
  answeredAtMs = Number.NEGATIVE_INFINITY;
  readonly #access: PostgresAccess;
  readonly #limits: ProbeLimits;
  readonly #log: Logger;
  readonly #onView: () => void;
  readonly #intervalMs: () => number;
  #client: pg.Client | undefined;
  #complaint = "";
  /** Attempts in a row that brought no answer. */
  #failures = 0;
  #askedAtMs = Number.NEGATIVE_INFINITY;
  #heardAtMs = Number.NEGATIVE_INFINITY;
  #wake: (() => void) | undefined;
  #stopped = false;

  constructor(options: {
    instance: Instance;
    access: PostgresAccess;
    limits: ProbeLimits;
    log: Logger;
    onView: () => void;
    intervalMs: () => number;
  }) {
    this.instance = options.instance;
    this.#access = options.access;
    this.#limits = options.limits;
    this.#log = options.log;
    this.#onView = options.onView;
    this.#intervalMs = options.intervalMs;
    this.view = { instance: options.instance, status: "lost", inRecovery: true };
  }

  /** Asks until stopped. */
  async run(): Promise<void> {
    while (!this.#stopped) {
      await this.#askOnce();
      await this.#pause();
    }
  }

  /** The instance has answered on another connection. */
  heard(): void {
    this.#heardAtMs = performance.now();
  }

  /** Ends the pause before the next question, unless that would storm an instance that refuses. */
  wake(): void {
    if (this.#failures === 0 || performance.now() - this.#askedAtMs >= this.#pauseMs()) this.#wake?.();
  }

  stop(): void {
    this.#stopped = true;
    this.#drop();
    this.#wake?.();
  }

  async #askOnce(): Promise<void> {
    this.#askedAtMs = performance.now();
    try {
      this.#client ??= await this.#openInTime();
      const answer = await this.#ask(this.#client);
      this.answeredAtMs = performance.now();
      this.#set({
        instance: this.instance,
        status: "answering",
        inRecovery: answer.in_recovery,
        ...(answer.timeline === null ? {} : { timeline: Number.parseInt(answer.timeline, 16) }),
        ...(answer.replayed === null ? {} : { replayed: BigInt(answer.replayed) }),
        ...(answer.written === null ? {} : { written: BigInt(answer.written) }),
      });
      this.#complaint = "";
      this.#failures = 0;
    } catch (error) {
      this.#failures++;
      this.#drop();
      this.#complain(error);
      this.#set({ ...this.view, status: "lost" });
    }
  }

  /** Logs why an instance does not answer, once for each reason. */
  #complain(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    if (message !== this.#complaint && !this.#stopped) {
      this.#complaint = message;
      this.#log.warn({ instance: instanceName(this.instance), reason: message }, "instance does not answer");
    }
  }

  /** A busy machine may take long to open a connection; the attempt goes on, but meanwhile the instance counts as lost. */
  async #openInTime(): Promise<pg.Client> {
    const lost = this.#timer(this.#limits.lostAfterMs, () => this.#set({ ...this.view, status: "lost" }));
    try {
      return await this.#open();
    } finally {
      lost.cancel();
    }
  }

  async #open(): Promise<pg.Client> {
    const client = await connect(this.#access, this.instance, {
      connectTimeoutMs: this.#limits.connectTimeoutMs,
      statementTimeoutMs: 5000,
    });
    client.once("end", () => {
      if (this.#client === client) {
        // The server closed it. One new attempt decides whether the instance is lost or only this connection was.
        this.#client = undefined;
        this.#set({ ...this.view, status: this.view.status === "answering" ? "slow" : this.view.status });
        this.wake();
      }
    });
    if (this.#stopped) {
      destroy(client);
    }
    return client;
  }

  #ask(client: pg.Client): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const slow = this.#timer(this.#limits.slowAfterMs, () =>
        this.#set({ ...this.view, status: this.view.status === "lost" ? "lost" : "slow" }),
      );
      const lost = this.#timer(this.#limits.lostAfterMs, () => reject(new Error("no answer")));
      client
        .query<Answer>(question)
        .then((result) => {
          const row = result.rows[0];
          row ? resolve(row) : reject(new Error("no row"));
        }, reject)
        .finally(() => {
          slow.cancel();
          lost.cancel();
        });
    });
  }

  /**
   * A timer for silence. It does not blame the instance for a pause of this process (late by much, it gives the answer another
   * moment), nor for a late answer to this one question while others of the process are being answered.
   */
  #timer(delayMs: number, action: () => void): { cancel(): void } {
    let timer: NodeJS.Timeout;
    let excused = false;
    const wait = (forMs: number): void => {
      const dueMs = performance.now() + forMs;
      timer = setTimeout(() => {
        const nowMs = performance.now();
        const silentMs = nowMs - this.#heardAtMs;
        if (silentMs < delayMs) {
          wait(delayMs - silentMs);
        } else if (nowMs - dueMs > 100 && !excused) {
          excused = true;
          wait(Math.min(delayMs, 250));
        } else {
          action();
        }
      }, forMs);
    };
    wait(delayMs);
    return { cancel: () => clearTimeout(timer) };
  }

  #set(view: InstanceView): void {
    this.view = view;
    this.#onView();
  }

  #drop(): void {
    const client = this.#client;
    this.#client = undefined;
    if (client) destroy(client);
  }

  /**
   * One that starts up accepts a connection, makes a process for it, agrees on TLS and then refuses: twenty services that ask
   * again at once take from it what it needs to start.
   */
  #pauseMs(): number {
    return this.#intervalMs() * Math.min(refusedPauseMax, 2 ** this.#failures);
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#wake?.(), this.#pauseMs());
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
      if (this.#stopped) this.#wake();
    });
  }
}
