import type pg from "pg";
import { destroy } from "../lib/database/connect.ts";
import type { Change, Control, Examined } from "./instances.ts";
import { conninfoInForce, examination, expectation, handshake, lock, promotion, receiverProcesses, reload, unlock } from "./statements.ts";

interface ExaminationRow {
  in_recovery: boolean;
  conninfo: string;
  base: string;
  timeline: string | null;
  flushed: string | null;
  receiving: boolean;
  clock_ms: string;
  up_ms: string;
}

const pollMs = 3;
const settleTimeoutMs = 1000;

/** A session on a PostgreSQL server. Every statement is bounded by the connection's statement timeout. */
export class PostgresControl implements Control {
  readonly #client: pg.Client;

  constructor(client: pg.Client) {
    this.#client = client;
  }

  async examine(): Promise<Examined> {
    const row = await this.#one<ExaminationRow>(examination);
    return {
      inRecovery: row.in_recovery,
      conninfo: row.conninfo,
      base: row.base,
      timeline: Number.parseInt(row.timeline ?? "0", 16),
      flushed: row.flushed === null ? undefined : BigInt(row.flushed),
      receiving: row.receiving,
      clockMs: Number(row.clock_ms),
      upMs: Number(row.up_ms),
    };
  }

  async change({ from, to, inRecovery, expiresClockMs }: Change): Promise<boolean> {
    await this.#client.query(lock);
    try {
      const { met } = await this.#one<{ met: boolean | null }>(expectation, [from, inRecovery, expiresClockMs ?? null]);
      if (!met) return false;
      const value = to === undefined ? undefined : this.#client.escapeLiteral(to);
      await this.#client.query(
        value === undefined ? "ALTER SYSTEM RESET primary_conninfo" : `ALTER SYSTEM SET primary_conninfo TO ${value}`,
      );
      await this.#client.query(reload);
      await this.#inForce(to, from);
      return true;
    } finally {
      await this.#client.query(unlock);
    }
  }

  async quiesce(): Promise<void> {
    await this.#client.query(handshake);
    const old = await this.#receivers();
    await this.#until("a WAL receiver goes on", async () => {
      const running = await this.#receivers();
      return !running.some((pid) => old.includes(pid));
    });
  }

  async promote(marker: string, expiresClockMs: number): Promise<boolean> {
    return (await this.#one<{ begun: boolean | null }>(promotion, [marker, expiresClockMs])).begun === true;
  }

  close(): void {
    destroy(this.#client);
  }

  /** The postmaster has read the files, and told all its processes. */
  async #inForce(to: string | undefined, from: string): Promise<void> {
    await this.#until("the configuration is not loaded", async () => {
      const { conninfo } = await this.#one<{ conninfo: string }>(conninfoInForce);
      return to === undefined ? conninfo !== from : conninfo === to;
    });
  }

  async #receivers(): Promise<number[]> {
    return (await this.#client.query<{ pid: number }>(receiverProcesses)).rows.map(({ pid }) => pid);
  }

  async #until(complaint: string, isSo: () => Promise<boolean>): Promise<void> {
    const untilMs = performance.now() + settleTimeoutMs;
    while (!(await isSo())) {
      if (performance.now() > untilMs) throw new Error(complaint);
      await new Promise((resolve) => {
        setTimeout(resolve, pollMs);
      });
    }
  }

  async #one<R extends object>(text: string, values: unknown[] = []): Promise<R> {
    const [row] = (await this.#client.query<R>(text, values)).rows;
    if (!row) throw new Error("no row");
    return row;
  }
}
