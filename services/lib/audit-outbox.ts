import type { AuditRow } from "./audit-event.ts";
import type { Metrics } from "./metrics.ts";
import type { RedisConnection } from "./redis.ts";

/** Where audit records wait, durably, while there is no primary to write them to. */
export interface AuditOutbox {
  /** Whether it seems worth trying. */
  usable(): boolean;
  /** Returns when the records are durable. @throws when they may not be */
  append(rows: readonly AuditRow[]): Promise<void>;
  /** Hands waiting records to `move`, and forgets those it returned for. Returns how many. */
  drain(move: (rows: AuditRow[]) => Promise<void>): Promise<number>;
}

/** For a service without Redis: reads then wait for the primary. */
export const noOutbox: AuditOutbox = {
  usable: () => false,
  append: () => Promise.reject(new Error("there is no audit outbox")),
  drain: () => Promise.resolve(0),
};

/**
 * A Redis stream. A record counts as durable once a replica, which stands in another building, has acknowledged it (WAIT):
 * the promotion of that replica, or the append-only file, then keeps it.
 */
export class RedisAuditOutbox implements AuditOutbox {
  readonly #redis: RedisConnection;
  readonly #metrics: Metrics;
  readonly #stream: string;
  readonly #replicas: number;

  constructor(options: { redis: RedisConnection; metrics: Metrics; service: string; replicas: number }) {
    this.#redis = options.redis;
    this.#metrics = options.metrics;
    this.#stream = `${options.service}:audit-outbox`;
    this.#replicas = options.replicas;
  }

  usable(): boolean {
    return this.#redis.ready;
  }

  async append(rows: readonly AuditRow[]): Promise<void> {
    try {
      const pipeline = this.#redis.client.pipeline();
      for (const row of rows) pipeline.xadd(this.#stream, "*", "row", JSON.stringify(row));
      pipeline.wait(this.#replicas, 800);
      const replies = (await pipeline.exec()) ?? [];
      const failed = replies.find(([error]) => error)?.[0];
      if (failed) {
        this.#redis.suspect();
        throw failed;
      }
      if (Number(replies.at(-1)?.[1] ?? 0) < this.#replicas) {
        throw new Error("no replica acknowledged the audit record");
      }
    } catch (error) {
      this.#metrics.outboxFailures.inc();
      throw error;
    }
  }

  async drain(move: (rows: AuditRow[]) => Promise<void>): Promise<number> {
    let moved = 0;
    for (;;) {
      const entries = await this.#redis.client.xrange(this.#stream, "-", "+", "COUNT", 200);
      if (entries.length === 0) {
        return moved;
      }
      await move(entries.map(([, fields]) => JSON.parse(fields[1] ?? "null") as AuditRow));
      await this.#redis.client.xdel(this.#stream, ...entries.map(([id]) => id));
      moved += entries.length;
      this.#metrics.outboxMoved.inc(entries.length);
    }
  }
}
