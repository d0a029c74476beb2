import type { QueryConfig } from "pg";
import { writeTogether } from "./connect.ts";
import type { Connection } from "./connection-pool.ts";
import type { Found, Statement, Transaction } from "./database.ts";
import { UnknownCommitError } from "./postgres-errors.ts";

/** The statements of one attempt. */
export class Statements implements Transaction {
  readonly servedBy: "primary" | "standby";
  readonly connection: Connection;
  readonly #heard: () => void;
  readonly #sent: Promise<unknown>[] = [];

  constructor(connection: Connection, servedBy: "primary" | "standby", heard: () => void) {
    this.connection = connection;
    this.servedBy = servedBy;
    this.#heard = heard;
  }

  async query<R extends object>(statement: Statement, values: readonly unknown[] = []): Promise<R[]> {
    writeTogether(this.connection.client);
    const { rows } = await this.connection.client.query<R>({ ...statement, values: values as unknown[] });
    this.#heard();
    return rows;
  }

  send(statement: Statement, values?: readonly unknown[]): void {
    const answered = this.query(statement, values);
    answered.catch(() => undefined);
    this.#sent.push(answered);
  }

  /** Waits for what was sent. @throws the first failure */
  async settled(): Promise<void> {
    for (const answered of await Promise.allSettled(this.#sent)) {
      if (answered.status === "rejected") throw answered.reason;
    }
  }
}

/** What an attempt does on its connection. */
export type Conversation<T> = (statements: Statements) => Promise<T>;

/**
 * BEGIN is waited for: where it failed, what was sent after it would be committed by itself. COMMIT is not sent alone: behind a statement that
 * failed it is a rollback.
 */
export function inTransaction<T>(work: (transaction: Transaction) => Promise<T>): Conversation<T> {
  return async (statements) => {
    await statements.connection.client.query("BEGIN");
    try {
      const result = await work(statements);
      await believed(statements.connection, "COMMIT", "COMMIT", () => statements.settled());
      return result;
    } catch (error) {
      // Whatever came after a statement that failed was told only that the transaction is aborted.
      await statements.settled();
      throw error;
    }
  };
}

/** Each statement is committed by itself, the record of the reading last. */
export function oneByOne<T>(question: (asked: Transaction) => Promise<Found<T>>): Conversation<T> {
  return async (statements) => {
    const { value, record } = await question(statements);
    await statements.settled();
    if (record) await believed(statements.connection, { ...record.statement, values: record.values as unknown[] }, "INSERT");
    return value;
  };
}

/**
 * What commits, believed only when the server says nothing beside it. A commit whose wait for a standby was cancelled succeeds
 * with a warning: it holds on this instance, and perhaps nowhere else (PostgreSQL, SyncRepWaitForLSN). The warning's text is
 * translated, so any notice counts.
 * @param before what was sent before it, whose failure is told rather than its own
 */
async function believed(
  { client, notices }: Connection,
  statement: string | QueryConfig,
  command: "COMMIT" | "INSERT",
  before?: () => Promise<void>,
): Promise<void> {
  notices.length = 0;
  writeTogether(client);
  const answered = client.query(statement);
  answered.catch(() => undefined);
  await before?.();
  const result = await answered;
  const notice = notices[0];
  if (notice) {
    throw new UnknownCommitError(notice.message);
  }
  if (result.command !== command) {
    throw new UnknownCommitError(`the server answered ${result.command}`);
  }
}

/**
 * Commits something of no consequence. A primary that was replaced cannot: what it holds may be old, and a refusal made from that wrong.
 * @throws what makes the transaction be tried again, on whoever is the primary then
 */
export async function confirm(connection: Connection): Promise<void> {
  await connection.client.query("BEGIN");
  await connection.client.query("SELECT pg_logical_emit_message(true, 'refused', '')");
  await believed(connection, "COMMIT", "COMMIT");
}
