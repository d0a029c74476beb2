import type pg from "pg";
import { type ConnectionLimits, connect, destroy, type PostgresAccess } from "../lib/database/connect.ts";
import { OverdueError, systemClock, within } from "./clock.ts";
import type { Answer, Checkpoint, Control, Failure, InstanceState, Instances, Member, WriteAnswer } from "./instances.ts";
import { PostgresControl } from "./postgres-control.ts";
import { askForRoom, checkpoint, checkpointed, question, removeStandbySignal, smallMemory, tinyWrite } from "./statements.ts";
import type { Timings } from "./timings.ts";

interface StateRow {
  in_recovery: boolean;
  timeline: string | null;
  received_timeline: number | null;
  streaming: boolean;
  conninfo: string;
  clock_ms: string;
}

/** The connections kept to one instance: one for questions, one for writes, and to a standby one that lies ready for fencing it. */
interface Lines {
  readonly member: Member;
  ask?: pg.Client | undefined;
  /** One for questions that is being opened. It outlasts the question: where the server is frozen, another would hang beside it. */
  opening?: Promise<void> | undefined;
  write?: pg.Client | undefined;
  spare?: pg.Client | "opening" | undefined;
  /** The server closed the line: until it takes another, silence is its end too. */
  closed: boolean;
}

/** After a connection was closed, so long is a new one waited for: who closed it was there a moment ago. */
const reconnectTimeoutMs = 300;
/** For one whose kernel answers: a network that was cut meanwhile is noticed to be back after so long at the latest. */
const acceptedTimeoutMs = 5000;
const statementTimeoutMs = 2000;
const flushTimeoutMs = 10_000;

/** The PostgreSQL servers themselves. */
export class PostgresInstances implements Instances {
  readonly #access: PostgresAccess;
  readonly #timings: Timings;
  readonly #lines = new Map<string, Lines>();
  readonly #listeners: ((name: string) => void)[] = [];

  constructor(access: PostgresAccess, timings: Timings) {
    this.#access = access;
    this.#timings = timings;
  }

  onClosed(listener: (name: string) => void): void {
    this.#listeners.push(listener);
  }

  async ask(member: Member): Promise<Answer> {
    const lines = this.#linesTo(member);
    try {
      const line = lines.ask ?? (await this.#openLine(lines));
      lines.closed = false;
      const result = await within(systemClock, this.#timings.answerTimeoutMs, "the answer", line.query<StateRow>(question));
      const [row] = result.rows;
      if (!row) throw new Error("no row");
      this.#keepSpare(lines, row.in_recovery);
      return { state: stateOf(row) };
    } catch (error) {
      // The other line is of the same life, or as dead.
      drop(lines);
      return { failure: failureOf(error, lines.closed), reason: reasonOf(error) };
    }
  }

  async tryWrite(member: Member): Promise<WriteAnswer> {
    const lines = this.#linesTo(member);
    try {
      if (!lines.write) {
        lines.write = await this.#connect(member, { statementTimeoutMs: 0 });
        // No limit: a statement that cannot be cancelled, as one that waits for a dead disk, would only be asked again.
        await lines.write.query("SET synchronous_commit = local");
        await lines.write.query(smallMemory);
      }
      await lines.write.query(tinyWrite);
      await lines.write.query(askForRoom);
      return "written";
    } catch (error) {
      const client = lines.write;
      lines.write = undefined;
      if (client) destroy(client);
      // Classes 53 (no resources, a full disk among them) and 58 (input and output): the server itself says so.
      return /^(53100|58)/.test(codeOf(error)) ? "failed" : "unclear";
    }
  }

  async removeStandbySignal(member: Member): Promise<boolean> {
    const answer = await this.#linesTo(member).write?.query<{ removed: boolean }>(removeStandbySignal);
    return answer?.rows[0]?.removed === true;
  }

  async lastCheckpoint(member: Member): Promise<Checkpoint | undefined> {
    const answer = await this.#linesTo(member).write?.query<Checkpoint>(checkpointed);
    return answer?.rows[0];
  }

  async flush(member: Member): Promise<void> {
    const client = await this.#connect(member, { statementTimeoutMs: flushTimeoutMs });
    try {
      await client.query(checkpoint);
    } finally {
      destroy(client);
    }
  }

  async open(member: Member): Promise<Control> {
    const client = takeSpare(this.#linesTo(member)) ?? (await this.#connect(member, { statementTimeoutMs }));
    // So that a watcher that sleeps in the middle of a change loses the lock that it holds, and the session.
    await client.query(`SET idle_session_timeout = ${this.#timings.answerTimeoutMs}`);
    return new PostgresControl(client);
  }

  forget(member: Member): void {
    const lines = this.#lines.get(member.name);
    this.#lines.delete(member.name);
    if (lines) drop(lines);
  }

  stop(): void {
    for (const { member } of [...this.#lines.values()]) this.forget(member);
  }

  /** A handshake takes long when it is needed most: on a machine that has just lost a primary. */
  #keepSpare(lines: Lines, isStandby: boolean): void {
    if (!isStandby) {
      const spare = takeSpare(lines);
      if (spare) destroy(spare);
    } else if (lines.spare === undefined) {
      lines.spare = "opening";
      this.#connect(lines.member, { statementTimeoutMs }).then(
        (client) => {
          if (lines.spare !== "opening") return destroy(client);
          lines.spare = client;
          client.once("end", () => {
            if (lines.spare === client) lines.spare = undefined;
          });
        },
        () => {
          if (lines.spare === "opening") lines.spare = undefined;
        },
      );
    }
  }

  #linesTo(member: Member): Lines {
    const known = this.#lines.get(member.name);
    if (known && known.member.address === member.address && known.member.port === member.port) return known;
    if (known) drop(known);
    const lines: Lines = { member, closed: false };
    this.#lines.set(member.name, lines);
    return lines;
  }

  /** @throws OverdueError when it is not open yet: the next question waits for the same one */
  async #openLine(lines: Lines): Promise<pg.Client> {
    lines.opening ??= this.#beginLine(lines).finally(() => {
      lines.opening = undefined;
    });
    const timeoutMs = lines.closed ? reconnectTimeoutMs : this.#timings.connectTimeoutMs;
    await within(systemClock, timeoutMs, "the connection", lines.opening);
    if (!lines.ask) throw new Error("Connection terminated unexpectedly");
    return lines.ask;
  }

  async #beginLine(lines: Lines): Promise<void> {
    const { member } = lines;
    const client = await this.#connect(member, { acceptedTimeoutMs, statementTimeoutMs });
    if (this.#lines.get(member.name) !== lines) return destroy(client);
    lines.ask = client;
    client.once("end", () => {
      if (lines.ask !== client) return;
      lines.ask = undefined;
      lines.closed = true;
      for (const listener of this.#listeners) listener(member.name);
    });
  }

  #connect(member: Member, limits: Pick<ConnectionLimits, "statementTimeoutMs" | "acceptedTimeoutMs">): Promise<pg.Client> {
    return connect(this.#access, member, { connectTimeoutMs: this.#timings.connectTimeoutMs, ...limits });
  }
}

/** The spare connection, which is the taker's now. */
function takeSpare(lines: Lines): pg.Client | undefined {
  const { spare } = lines;
  if (spare === undefined || spare === "opening") return undefined;
  lines.spare = undefined;
  return spare;
}

function drop(lines: Lines): void {
  const { ask, write } = lines;
  const spare = takeSpare(lines);
  lines.spare = undefined;
  if (spare) destroy(spare);
  lines.ask = undefined;
  lines.write = undefined;
  if (ask) destroy(ask);
  if (write) destroy(write);
}

function stateOf(row: StateRow): InstanceState {
  const timeline = row.timeline === null ? row.received_timeline : Number.parseInt(row.timeline, 16);
  return {
    inRecovery: row.in_recovery,
    ...(timeline === null ? {} : { timeline }),
    streaming: row.streaming,
    conninfo: row.conninfo,
    clockMs: Number(row.clock_ms),
  };
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : "";
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What kind of evidence an error is. @param closed the server had closed the connection before */
export function failureOf(error: unknown, closed: boolean): Failure {
  const code = codeOf(error);
  // One that shuts down is as good as gone, and says the same as one that starts.
  if (code === "57P03" && !/shutting down/.test(reasonOf(error))) return "starting";
  // Ended by an administrator or a crashed neighbour: the next connection will tell.
  const ended = /^(ECONNREFUSED|ECONNRESET|EPIPE|57P0[123])$/.test(code) || /^Connection terminated unexpectedly/.test(reasonOf(error));
  if (ended) return "refused";
  const unanswered = /^(ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN)$/.test(code) || /^timeout expired/.test(reasonOf(error));
  if (unanswered || error instanceof OverdueError) return closed ? "refused" : "silent";
  // The server refuses this watcher, or the fault is on this side.
  return "alive";
}
