import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { type Context, Deadline } from "../context.ts";
import type { Metrics } from "../metrics.ts";
import { FhirError, unavailable } from "../operation-outcome.ts";
import type { InstanceView } from "./choose-primary.ts";
import type { PostgresAccess } from "./connect.ts";
import { type Connection, ConnectionPool } from "./connection-pool.ts";
import { type Conversation, confirm, inTransaction, oneByOne, Statements } from "./conversation.ts";
import { HoldQueue, type Wish } from "./hold-queue.ts";
import { type Instance, instanceName } from "./instance.ts";
import { isStatementTimeout, retryReason } from "./postgres-errors.ts";
import { PrimaryWatch, type WatchLimits } from "./primary-watch.ts";
import type { Host, Lookup } from "./resolve-hosts.ts";

/** A statement; with a name it is prepared once per connection. */
export interface Statement {
  readonly name?: string;
  readonly text: string;
}

/** An open transaction. Values are always sent apart from the text. */
export interface Transaction {
  readonly servedBy: "primary" | "standby";
  query<R extends object>(statement: Statement, values?: readonly unknown[]): Promise<R[]>;
  /** Sends a statement whose rows nobody needs, without waiting for it: where it fails, so does the transaction. */
  send(statement: Statement, values?: readonly unknown[]): void;
}

/** What a reading found, and what is to be kept of it having been read. */
export interface Found<T> {
  value: T;
  /** Durable before the value is told. Not on a standby, which keeps nothing. */
  record?: { statement: Statement; values: readonly unknown[] } | undefined;
}

export interface DatabaseOptions {
  hosts: Host[];
  access: PostgresAccess;
  log: Logger;
  metrics: Metrics;
  /** Connections to the primary; as many again, at most half of it, go to a standby while there is none. */
  poolMax?: number;
  /** Requests that may wait for a connection at once. */
  holdMax?: number;
  connectTimeoutMs?: number;
  /** How long the server lets one statement run, a COMMIT that waits for a standby included. */
  statementTimeoutMs?: number;
  /** How long the server lets a transaction stand still: a process that is frozen holds locks that the repetition of its request waits for. */
  idleTransactionMs?: number;
  watchLimits?: Partial<WatchLimits>;
  lookup?: Lookup;
}

const everyone: ReadonlySet<Wish> = new Set(["primary", "any", "standby"]);
const ofPrimary: ReadonlySet<Wish> = new Set(["primary", "any"]);
const ofStandby: ReadonlySet<Wish> = new Set(["standby"]);
const ofStandbyAlone: ReadonlySet<Wish> = new Set(["any", "standby"]);

/**
 * Connections being opened at once: each costs both sides more than many a transaction, and a failover must not begin with a storm of them. A
 * pool that has as many opens one after the other; on a primary that has not committed anything yet no more are of use, since all would wait
 * for the same standby.
 */
const openingMax = 3;
/** Connections kept to each standby: the one that is promoted serves over them at once, in a moment that has no processor to spare for new ones. */
const keptOnStandby = openingMax;
const keepIntervalMs = 1000;
/** A transaction that has not ended after so long makes the instances be asked how they are. */
const doubtAfterMs = 250;
/** A read that the primary has not served after so long, its audit record's commit included, is tried on a standby. */
const primaryPatienceMs = 500;
const timerSlackMs = 20;
/** Where no client has used the database for so long, nobody need know at once where its primary is. */
const idleAfterMs = 3000;
/** A new primary that nobody writes to is taken for a good one after so long. */
const provenAfterMs = 10_000;

/**
 * The way to PostgreSQL. It finds the primary itself, holds requests while there is none, and repeats a transaction that
 * was lost with its connection (docs/adr/0020). A transaction's work may therefore run more than once: it must have no
 * effect outside the transaction, and be harmless when an earlier run did commit after all (see `exactlyOnce`).
 */
export class Database {
  readonly #options: Required<Omit<DatabaseOptions, "lookup" | "watchLimits">>;
  readonly #watch: PrimaryWatch;
  readonly #queue: HoldQueue;
  readonly #pools = new Map<string, ConnectionPool>();
  /** A primary that took over, since when, and that has not committed anything yet: a standby must follow it first. */
  #unproven: { primary: Instance; sinceMs: number } | undefined;
  #lastPrimary: Instance | undefined;
  #usedMs = Number.NEGATIVE_INFINITY;
  /** Requests of clients in the hold queue. */
  #waiting = 0;
  #pumpTimer: NodeJS.Timeout | undefined;
  #keepTimer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: DatabaseOptions) {
    const { lookup, watchLimits, ...rest } = options;
    this.#options = { poolMax: 10, holdMax: 2000, connectTimeoutMs: 3000, statementTimeoutMs: 8000, idleTransactionMs: 2000, ...rest };
    this.#queue = new HoldQueue({ max: this.#options.holdMax, metrics: options.metrics });
    this.#watch = new PrimaryWatch({
      ...rest,
      ...(lookup ? { lookup } : {}),
      ...(watchLimits ? { limits: watchLimits } : {}),
      inUse: () => this.#inUse(),
    });
    this.#watch.on("change", () => {
      this.#noteChange();
      this.#pump();
    });
    this.#watch.on("lost", (instance) => this.#closePool(instance));
  }

  start(): void {
    this.#watch.start();
    this.#keepTimer = setInterval(() => this.#keepOnStandbys(), keepIntervalMs);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#pumpTimer);
    clearInterval(this.#keepTimer);
    this.#queue.clear();
    this.#watch.stop();
    for (const pool of this.#pools.values()) pool.close();
    this.#pools.clear();
  }

  #inUse(): boolean {
    return this.#waiting > 0 || performance.now() - this.#usedMs < idleAfterMs;
  }

  /** The instance taken for the primary now. */
  get primary(): Instance | undefined {
    return this.#watch.primary;
  }

  /** Every instance that is known, as it answered this process last; for those who look after the platform. */
  get instances(): readonly InstanceView[] {
    return this.#watch.views;
  }

  #noteChange(): void {
    const { primary } = this.#watch;
    if (!primary || primary === this.#lastPrimary) return;
    // The first one is no successor: it has been primary for long.
    if (this.#lastPrimary) this.#unproven = { primary, sinceMs: performance.now() };
    this.#lastPrimary = primary;
  }

  /** Whether a read that a standby may serve had better go there: the primary hangs, or cannot commit its audit record yet. */
  #sparesPrimary(): boolean {
    const { primary, isPrimarySlow } = this.#watch;
    return isPrimarySlow || (primary !== undefined && this.#isUnproven(primary));
  }

  #isUnproven(instance: Instance): boolean {
    const { primary, sinceMs } = this.#unproven ?? {};
    return primary === instance && performance.now() - (sinceMs ?? 0) < provenAfterMs;
  }

  /** Runs the work in a read-write transaction on the primary and commits it. @throws FhirError 503 past the deadline, and what the work throws */
  write<T>(context: Context, work: (transaction: Transaction) => Promise<T>): Promise<T> {
    return this.#run(context, () => "primary", inTransaction(work));
  }

  /**
   * Asks statement by statement, each seeing what is committed when it begins, as within a transaction too, whose two more round trips it
   * spares. For as long as `standbyAllowed` says so, the standby that has replayed most will do, while there is no primary or it is slow;
   * `servedBy` tells which it was.
   */
  read<T>(context: Context, standbyAllowed: () => boolean, question: (asked: Transaction) => Promise<T>): Promise<T> {
    return this.readRecorded(context, standbyAllowed, async (asked) => ({ value: await question(asked) }));
  }

  /** As `read`, for what is told once it is on record that it was read. */
  async readRecorded<T>(context: Context, standbyAllowed: () => boolean, question: (asked: Transaction) => Promise<Found<T>>): Promise<T> {
    const work = oneByOne((asked) => question(asked).catch(refuseTooSlow));
    const wish = (): Wish => (!standbyAllowed() ? "primary" : this.#sparesPrimary() ? "standby" : "any");
    if (this.#watch.primary && this.#watch.standby && standbyAllowed()) {
      const cameMs = performance.now();
      const patience = Deadline.after(Math.min(primaryPatienceMs, context.deadline.remainingMs()));
      try {
        return await this.#run({ ...context, deadline: patience }, wish, work, cameMs);
      } catch (error) {
        // A timer may fire a moment early.
        if (!(error instanceof FhirError && error.status === 503 && patience.remainingMs() < timerSlackMs)) {
          throw error;
        }
        return await this.#run(context, () => (standbyAllowed() ? "standby" : "primary"), work, cameMs);
      }
    }
    return await this.#run(context, wish, work);
  }

  async #run<T>(context: Context, wish: () => Wish, work: Conversation<T>, cameMs = performance.now()): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const connection = await this.#acquire(context, wish(), cameMs);
      try {
        return await this.#attempt(context, connection, work);
      } catch (error) {
        const reason = retryReason(error);
        if (!reason) {
          throw error;
        }
        this.#options.metrics.transactionRetries.inc({ reason });
        context.log.debug({ requestId: context.requestId, attempt, reason, error }, "transaction lost, trying again");
        if (!context.background) this.#watch.alarm();
        if (context.deadline.passed) {
          throw unavailable("The database did not answer within the deadline");
        }
        // A conflict is tried again soon, an instance that keeps refusing not in a tight loop.
        await sleep(Math.min(attempt * 25, 250, context.deadline.remainingMs()));
      }
    }
  }

  async #attempt<T>(context: Context, connection: Connection, work: Conversation<T>): Promise<T> {
    const { pool } = connection;
    const standby = this.#watch.primary !== pool.instance;
    const doubt = setTimeout(() => this.#watch.doubt(), doubtAfterMs);
    const limit = setTimeout(() => pool.discard(connection), context.deadline.remainingMs());
    const statements = new Statements(connection, standby ? "standby" : "primary", () => this.#watch.heard(pool.instance));
    let clean = false;
    try {
      const result = await work(statements);
      clean = true;
      if (pool.instance === this.#unproven?.primary) this.#unproven = undefined;
      return result;
    } catch (error) {
      if (retryReason(error)) throw error;
      // Outside of a transaction there is nothing to undo, and the server says so.
      await connection.client.query("ROLLBACK");
      if (!standby && error instanceof FhirError && error.status < 500) await confirm(connection);
      clean = true;
      throw error;
    } finally {
      clearTimeout(doubt);
      clearTimeout(limit);
      this.#release(connection, clean);
    }
  }

  #acquire(context: Context, wish: Wish, cameMs: number): Promise<Connection> {
    if (this.#stopped) {
      return Promise.reject(unavailable("The service is shutting down"));
    }
    if (!context.background) this.#noteUse();
    if (this.#queue.length === 0) {
      const connection = this.#lanes()
        .find(({ wishes }) => wishes.has(wish))
        ?.pool.takeIdle();
      if (connection) {
        return Promise.resolve(connection);
      }
    }
    const connection = this.#queue.wait(context.deadline, wish, { cameMs, left: context.left });
    this.#pump();
    return context.background ? connection : this.#counted(connection);
  }

  #noteUse(): void {
    const wasInUse = this.#inUse();
    this.#usedMs = performance.now();
    if (!wasInUse && !(this.#watch.primary && !this.#watch.isPrimarySlow)) this.#watch.alarm();
  }

  async #counted(connection: Promise<Connection>): Promise<Connection> {
    this.#waiting++;
    try {
      return await connection;
    } finally {
      this.#waiting--;
      this.#usedMs = performance.now();
    }
  }

  #release(connection: Connection, clean: boolean): void {
    clean ? connection.pool.give(connection) : connection.pool.discard(connection);
    this.#pump();
  }

  /** Hands idle connections to those who wait and opens as many as are wanting. */
  #pump(): void {
    for (const { pool, wishes } of this.#stopped ? [] : this.#lanes()) {
      while (this.#queue.count(wishes) > 0) {
        const connection = pool.takeIdle();
        if (!connection) break;
        this.#queue.serve(connection, wishes);
      }
      while (pool.hasRoom() && pool.opening < Math.min(this.#openingMax(pool), this.#queue.count(wishes))) {
        pool.openOne().then(
          () => this.#pump(),
          (error: unknown) => this.#openFailed(pool, error),
        );
      }
      this.#measure(pool);
    }
  }

  #openingMax(pool: ConnectionPool): number {
    if (pool.open + pool.opening < openingMax) return openingMax;
    return this.#isUnproven(pool.instance) ? 0 : 1;
  }

  #openFailed(pool: ConnectionPool, error: unknown): void {
    this.#options.log.warn({ instance: instanceName(pool.instance), error }, "connection not opened");
    this.#watch.alarm();
    // One timer for all that failed, so that a refusing instance is not stormed.
    this.#pumpTimer ??= setTimeout(() => {
      this.#pumpTimer = undefined;
      this.#pump();
    }, 100);
  }

  /** The instances in use now, and whom each serves. */
  #lanes(): { pool: ConnectionPool; wishes: ReadonlySet<Wish> }[] {
    const { primary, standby } = this.#watch;
    const { poolMax } = this.#options;
    const lanes = primary ? [{ pool: this.#poolOf(primary, poolMax), wishes: standby ? ofPrimary : everyone }] : [];
    return standby ? [...lanes, { pool: this.#poolOf(standby, this.#standbyMax), wishes: primary ? ofStandby : ofStandbyAlone }] : lanes;
  }

  /** One more connection where one is wanting, while nothing else is to be done. */
  #keepOnStandbys(): void {
    const { primary, isPrimarySlow, views } = this.#watch;
    if (!primary || isPrimarySlow || this.#isUnproven(primary)) return;
    const pool = views
      .filter(({ inRecovery, status }) => inRecovery && status === "answering")
      .map(({ instance }) => this.#poolOf(instance, this.#standbyMax))
      .find(({ open, opening }) => open + opening < keptOnStandby);
    pool?.openOne().then(
      () => this.#pump(),
      (error: unknown) => this.#options.log.debug({ instance: instanceName(pool.instance), error }, "no connection kept to a standby"),
    );
  }

  get #standbyMax(): number {
    return Math.ceil(this.#options.poolMax / 2);
  }

  /** @param max by the instance's role, which may have changed since the pool was made */
  #poolOf(instance: Instance, max: number): ConnectionPool {
    const name = instanceName(instance);
    let pool = this.#pools.get(name);
    if (pool) {
      pool.max = max;
    } else {
      const { access, connectTimeoutMs, statementTimeoutMs, idleTransactionMs } = this.#options;
      pool = new ConnectionPool({ instance, max, access, limits: { connectTimeoutMs, statementTimeoutMs, idleTransactionMs } });
      this.#pools.set(name, pool);
    }
    return pool;
  }

  #closePool(instance: Instance): void {
    const name = instanceName(instance);
    const pool = this.#pools.get(name);
    if (pool) {
      this.#pools.delete(name);
      pool.close();
      for (const state of ["busy", "idle"]) this.#options.metrics.connections.remove({ instance: name, state });
    }
  }

  #measure(pool: ConnectionPool): void {
    const instance = instanceName(pool.instance);
    this.#options.metrics.connections.set({ instance, state: "busy" }, pool.busy);
    this.#options.metrics.connections.set({ instance, state: "idle" }, pool.open - pool.busy);
  }
}

/** A question that takes the server too long will do so again. */
function refuseTooSlow(error: unknown): never {
  throw isStatementTimeout(error) ? unavailable("This takes too long to find out; ask for less", 5) : error;
}
