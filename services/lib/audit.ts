import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { type AuditFact, type AuditRow, auditRow } from "./audit-event.ts";
import { type AuditOutbox, noOutbox } from "./audit-outbox.ts";
import { backgroundContext, type Context, Deadline } from "./context.ts";
import type { Database, Statement, Transaction } from "./database/database.ts";
import type { Metrics } from "./metrics.ts";
import { unavailable } from "./operation-outcome.ts";

const insert: Statement = {
  name: "audit-insert",
  text: `WITH added AS (INSERT INTO audit_event (id, recorded, interaction, outcome, subject, client_id, patient_id, resource_type, resource_id, request_id, content)
    SELECT id, recorded, interaction, outcome, subject, client_id, patient_id, resource_type, resource_id, request_id, content
    FROM jsonb_to_recordset($1::jsonb) AS x(id uuid, recorded timestamptz, interaction text, outcome text, subject text, client_id text,
      patient_id text, resource_type text, resource_id text, request_id text, content text)
    ON CONFLICT (id) DO NOTHING RETURNING id)
    INSERT INTO audit_unsealed SELECT id FROM added`,
};

export interface Served<T> {
  value: T;
  servedBy: "primary" | "standby";
}

/** Nothing is done and nothing is told without its audit record (docs/adr/0022). */
export class AuditTrail {
  readonly #database: Database;
  readonly #outbox: AuditOutbox;
  readonly #metrics: Metrics;
  readonly #log: Logger;
  readonly #source: { service: string; site: string };
  /** How often to look for records that this process has added: twice, for one whose transaction had not ended at the first look. */
  #unsealedLooks = 0;
  /** Whether records may wait in the outbox. */
  #waiting = true;
  #drainTimer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: { database: Database; metrics: Metrics; log: Logger; service: string; site: string; outbox?: AuditOutbox }) {
    this.#database = options.database;
    this.#outbox = options.outbox ?? noOutbox;
    this.#metrics = options.metrics;
    this.#log = options.log;
    this.#source = { service: options.service, site: options.site };
  }

  /** Records facts within the transaction that makes them true. */
  record(context: Context, transaction: Transaction, facts: readonly AuditFact[]): void {
    this.#insert(
      transaction,
      facts.map((fact) => auditRow(context, { ...this.#source, servedBy: "primary" }, fact)),
    );
  }

  /**
   * Reads, and answers only once the audit record is durable: on the primary in the read's own transaction, whose commit is
   * replicated; from a standby by way of the outbox. Without an outbox the read waits for the primary.
   * @param options.primaryOnly the client wants nothing older than its own last write
   */
  async read<T>(
    context: Context,
    options: { primaryOnly: boolean },
    work: (transaction: Transaction) => Promise<{ value: T; facts: readonly AuditFact[] }>,
  ): Promise<Served<T>> {
    const { value, rows, servedBy } = await this.#database.readRecorded(
      context,
      () => !options.primaryOnly && this.#outbox.usable(),
      async (transaction) => {
        const { value, facts } = await work(transaction);
        const rows = facts.map((fact) => auditRow(context, { ...this.#source, servedBy: transaction.servedBy }, fact));
        const found = { value, rows, servedBy: transaction.servedBy };
        return { value: found, record: transaction.servedBy === "primary" ? this.#insertion(rows) : undefined };
      },
    );
    if (servedBy === "standby") {
      await this.#keep(context, rows);
      this.#metrics.standbyReads.inc();
    }
    return { value, servedBy };
  }

  /**
   * Makes records durable outside the transaction they are about: in the outbox or, where that fails, in the primary once there
   * is one; whichever comes first, until the deadline. The same records may reach both: their ids make them one.
   * @throws FhirError 503
   */
  async #keep(context: Context, rows: readonly AuditRow[]): Promise<void> {
    for (;;) {
      try {
        if (this.#outbox.usable()) {
          this.#waiting = true;
          await this.#outbox.append(rows);
          return;
        }
      } catch (error) {
        context.log.warn({ requestId: context.requestId, error }, "audit outbox did not take the records");
      }
      if (this.#database.primary) {
        const attempt = { ...context, left: undefined, deadline: Deadline.after(Math.min(1000, context.deadline.remainingMs())) };
        const kept = await this.#database
          .write(attempt, async (transaction) => this.#insert(transaction, rows))
          .then(
            () => true,
            () => false,
          );
        if (kept) return;
      }
      if (context.deadline.passed) {
        throw unavailable("The access could not be recorded within the deadline");
      }
      await sleep(Math.min(100, context.deadline.remainingMs()));
    }
  }

  /** Records a refused access before the refusal is answered, also when its client does not wait for that. */
  async refused(context: Context, fact: AuditFact): Promise<void> {
    if (this.#database.primary) {
      await this.#database.write({ ...context, left: undefined }, async (transaction) => this.record(context, transaction, [fact]));
    } else {
      await this.#keep(context, [auditRow(context, { ...this.#source, servedBy: "standby" }, fact)]);
    }
  }

  /** Moves records that wait in the outbox into the table, now and then, while there is a primary. */
  startDraining(intervalMs: number): void {
    // What this process put there it moves soon; what a dead one left there waits for the next look that anybody takes.
    const sweep = new Sweep(sweepEvery);
    const again = (): void => {
      if (this.#stopped) return;
      this.#drainTimer = setTimeout(() => {
        if (!this.#waiting && !sweep.isDue()) return again();
        this.drain().then(again, again);
      }, intervalMs);
    };
    again();
  }

  async drain(): Promise<void> {
    if (this.#stopped || !this.#database.primary || !this.#outbox.usable()) {
      return;
    }
    this.#waiting = false;
    try {
      const moved = await this.#outbox.drain(async (rows) => {
        const context = backgroundContext(this.#log, "audit-outbox", 5000);
        await this.#database.write(context, async (transaction) => this.#insert(transaction, rows));
      });
      if (moved > 0) this.#log.info({ moved }, "audit records moved from the outbox");
    } catch (error) {
      this.#waiting = true;
      this.#log.warn({ error }, "audit outbox not drained, trying again later");
    }
  }

  /** Whether this process has added records that may not be in the chain yet; each asking counts as a look. */
  takeUnsealed(): boolean {
    if (this.#unsealedLooks === 0) return false;
    this.#unsealedLooks--;
    return true;
  }

  #insert(transaction: Transaction, rows: readonly AuditRow[]): void {
    const { statement, values } = this.#insertion(rows);
    transaction.send(statement, values);
  }

  #insertion(rows: readonly AuditRow[]): { statement: Statement; values: readonly unknown[] } {
    this.#unsealedLooks = 2;
    return { statement: insert, values: [JSON.stringify(rows)] };
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#drainTimer);
  }
}

/** Looks of an idle process, in intervals: each costs a transaction, and there are many of them. */
export const sweepEvery = 20;

/** True once in so many times, the first at random, so that a platform's processes do not all look at once. */
export class Sweep {
  readonly #every: number;
  #count: number;

  constructor(every: number) {
    this.#every = every;
    this.#count = Math.floor(Math.random() * every);
  }

  isDue(): boolean {
    this.#count = (this.#count + 1) % this.#every;
    return this.#count === 0;
  }
}
