import type { Operation } from "./history.ts";

export type Verdict = "valid" | "invalid" | "unknown";

/** Pods of one kind (`PostgreSQL`, `DNS`) when the fault was made. */
export interface Loss {
  kind: string;
  lost: number;
  /** Ready ones that the fault did not hit. */
  left: number;
}

/** One fault of the run, as it was. Milliseconds since 1970. */
export interface FaultRecord {
  name: string;
  what: string;
  elements: readonly string[];
  /** What of each kind that the platform needs it took away, and what it left. */
  losses: readonly Loss[];
  injectedMs: number;
  /** undefined: it was never seen to be real. */
  happenedMs: number | undefined;
  evidence: string | undefined;
  healingMs: number | undefined;
  healedMs: number | undefined;
}

/** Who held a role at a moment, as a watcher of the run saw it: `{atMs, role: "postgres-primary", holder: "pg-2"}`; null: nobody. */
export interface Sighting {
  atMs: number;
  role: "postgres-primary" | "redis-primary" | "virtual-ip" | "nodes-ready" | "pods-ready";
  holder: string | null;
}

/** What one store holds after the run: one PostgreSQL instance, or the API itself. */
export interface StoredWrite {
  /** `Observation/1f0…` */
  resource: string;
  version: number;
  value: string;
}

export interface Aftermath {
  /** By instance name (`pg-1`), and `api` for what the public address gives back. */
  stores: Readonly<Record<string, readonly StoredWrite[]>>;
  /** Audit events of the run's own client: one of `create`, `update`, `read`, `search`, its resource and version where it has one, `ok` or not. */
  auditEvents: readonly { interaction: string; resource?: string; version?: number; ok: boolean }[];
}

export interface CheckInput {
  /** All operations of the run, in the order in which they were due. */
  history: readonly Operation[];
  /** Steady state ends, and the run ends (settled). */
  steadyEndMs: number;
  endMs: number;
  faults: readonly FaultRecord[];
  sightings: readonly Sighting[];
  aftermath: Aftermath;
  stall: { barMs: number; goalMs: number };
  /** When the platform was back to full redundancy; undefined: it was not in time. */
  redundantMs: number | undefined;
}

export interface CheckResult {
  verdict: Verdict;
  /** `{stallMs: 5210}`; units in the names. */
  figures: Readonly<Record<string, number>>;
  /** What was found wrong, the worst first, each one line. */
  findings: readonly string[];
}

/** One promise, judged over what was seen: pure, so that made-up histories test it. A check that throws gives `unknown`. */
export interface Check {
  /** `durability` */
  readonly name: string;
  readonly title: string;
  judge(input: CheckInput): CheckResult;
}
