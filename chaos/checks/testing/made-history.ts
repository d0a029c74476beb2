/** Histories made by hand, for the tests of the checks. */
import type { CheckInput, StoredWrite } from "../../check.ts";
import type { Operation } from "../../history.ts";

export const hot = "Observation/hot";

/** An operation that took 20 ms and went well, unless told otherwise. */
export function made(n: number, kind: Operation["kind"], rest: Partial<Operation> = {}): Operation {
  const dueMs = rest.dueMs ?? 1_000 + n * 100;
  const startMs = rest.startMs ?? dueMs;
  return { n, kind, dueMs, startMs, endMs: startMs + 20, outcome: "ok", status: kind === "create" ? 201 : 200, attempts: 1, ...rest };
}

export function wrote(n: number, version: number, rest: Partial<Operation> = {}): Operation {
  const kind = version === 1 ? "create" : "update";
  return made(n, kind, { key: `run-${n}`, resource: hot, version, value: `run-${n}`, ...rest });
}

/** A read that was given the version that write number `of` made. */
export function read(n: number, version: number, of: number, rest: Partial<Operation> = {}): Operation {
  return made(n, "read", { resource: hot, version, value: `run-${of}`, servedBy: "primary", ...rest });
}

/** A write of which nobody knows whether it happened. */
export function lostSight(n: number, rest: Partial<Operation> = {}): Operation {
  const dueMs = 1_000 + n * 100;
  return made(n, "update", {
    key: `run-${n}`,
    resource: hot,
    value: `run-${n}`,
    outcome: "failed",
    status: 0,
    attempts: 3,
    endMs: dueMs + 20_000,
    reason: "past its deadline",
    ...rest,
  });
}

/** What a store holds when just the acknowledged writes took effect. */
export function storedOf(history: readonly Operation[]): StoredWrite[] {
  return history.flatMap(({ kind, outcome, resource, version, value }) =>
    (kind === "create" || kind === "update") && outcome === "ok"
      ? [{ resource: resource ?? "", version: version ?? 0, value: value ?? "" }]
      : [],
  );
}

/** Only the current version of each resource, as the API shows it. */
export function currentOf(stored: readonly StoredWrite[]): StoredWrite[] {
  const current = new Map<string, StoredWrite>();
  for (const write of stored) if (write.version > (current.get(write.resource)?.version ?? 0)) current.set(write.resource, write);
  return [...current.values()];
}

/** Audit events as a platform leaves them that did all it told. */
export function auditOf(history: readonly Operation[]): CheckInput["aftermath"]["auditEvents"] {
  return history.flatMap(({ kind, outcome, status, resource, version }) => {
    const ok = outcome === "ok";
    if (!ok && !(kind === "read" && status === 404)) return [];
    return [
      { interaction: kind, ok, ...(resource === undefined ? {} : { resource }), ...(ok && version !== undefined ? { version } : {}) },
    ];
  });
}

/** A run without a fault on a platform that kept all it acknowledged; `rest` breaks it. */
export function input(history: readonly Operation[], rest: Partial<CheckInput> = {}): CheckInput {
  const stored = storedOf(history);
  return {
    history,
    steadyEndMs: 1_000,
    endMs: 100_000,
    faults: [],
    sightings: [],
    aftermath: { stores: { "pg-1": stored, "pg-2": stored, "pg-3": stored, api: currentOf(stored) }, auditEvents: auditOf(history) },
    stall: { barMs: 1_000, goalMs: 200 },
    redundantMs: 90_000,
    ...rest,
  };
}

export function fault(injectedMs: number, healedMs: number | undefined): CheckInput["faults"][number] {
  return {
    name: "node-kill",
    what: "a node",
    elements: ["node/one"],
    losses: [],
    injectedMs,
    happenedMs: injectedMs,
    evidence: "dead",
    healingMs: healedMs,
    healedMs,
  };
}
