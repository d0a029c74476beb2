import type pg from "pg";
import { type ConnectionLimits, connect, destroy, type PostgresAccess } from "./connect.ts";
import type { Instance } from "./instance.ts";

/** One pooled connection to one instance. */
export interface Connection {
  readonly client: pg.Client;
  readonly pool: ConnectionPool;
  /** Anything the server said outside of results since the last `notices.length = 0`. */
  readonly notices: { severity: string; message: string }[];
}

/**
 * The connections to one instance, at most `max`; more that are open already stay. It hands out idle ones and opens new ones on demand; who waits, and in
 * which order, is the hold queue's business.
 */
export class ConnectionPool {
  readonly instance: Instance;
  max: number;
  readonly #access: PostgresAccess;
  readonly #limits: ConnectionLimits;
  readonly #idle: Connection[] = [];
  readonly #all = new Set<Connection>();
  #opening = 0;
  #closed = false;

  constructor(options: { instance: Instance; max: number; access: PostgresAccess; limits: ConnectionLimits }) {
    this.instance = options.instance;
    this.max = options.max;
    this.#access = options.access;
    this.#limits = options.limits;
  }

  get open(): number {
    return this.#all.size;
  }

  get busy(): number {
    return this.#all.size - this.#idle.length;
  }

  get opening(): number {
    return this.#opening;
  }

  get closed(): boolean {
    return this.#closed;
  }

  takeIdle(): Connection | undefined {
    return this.#idle.pop();
  }

  hasRoom(): boolean {
    return !this.#closed && this.#all.size + this.#opening < this.max;
  }

  /** Opens a connection, which then lies idle in the pool. @throws as `connect` does */
  async openOne(): Promise<void> {
    this.#opening++;
    try {
      const client = await connect(this.#access, this.instance, this.#limits);
      const connection: Connection = { client, pool: this, notices: [] };
      if (this.#closed) {
        destroy(client);
        throw new Error("Connection terminated: the pool was closed");
      }
      client.on("notice", (notice) => {
        if (connection.notices.length < 10) connection.notices.push({ severity: notice.severity ?? "", message: notice.message ?? "" });
      });
      client.once("end", () => this.#forget(connection));
      this.#all.add(connection);
      this.#idle.push(connection);
    } finally {
      this.#opening--;
    }
  }

  /** Takes a connection back; one whose state is not known for certain must be discarded instead. */
  give(connection: Connection): void {
    if (this.#all.has(connection)) this.#idle.push(connection);
  }

  discard(connection: Connection): void {
    this.#forget(connection);
    destroy(connection.client);
  }

  /** Ends every connection at once, those in use included: their statements fail with a connection error. */
  close(): void {
    this.#closed = true;
    for (const connection of [...this.#all]) this.discard(connection);
  }

  #forget(connection: Connection): void {
    this.#all.delete(connection);
    const index = this.#idle.indexOf(connection);
    if (index >= 0) this.#idle.splice(index, 1);
  }
}
