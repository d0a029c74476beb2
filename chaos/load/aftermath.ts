/** What a run left behind: on every PostgreSQL instance, in the audit trail, and behind the public address. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import type { Aftermath, StoredWrite } from "../check.ts";
import { apiStore } from "../checks/durability.ts";
import type { Target } from "../target.ts";
import { connectFhir, searchAll } from "./fhir-client.ts";
import { type RunFacts, readRunFacts } from "./run-facts.ts";
import { codeSystem } from "./workloads.ts";

export interface AftermathWaits {
  pollMs: number;
  /** Records of reads that a standby served wait in an outbox until somebody moves them: the trail counts once it is still for so long. */
  auditSettleMs: number;
  auditLimitMs: number;
  primaryLimitMs: number;
  /** For the standbys to replay what the primary has written. */
  replayLimitMs: number;
}

const defaultWaits: AftermathWaits = {
  pollMs: 500,
  auditSettleMs: 3_000,
  auditLimitMs: 30_000,
  primaryLimitMs: 60_000,
  replayLimitMs: 60_000,
};
const toolMs = 60_000;
const tokenTtlS = 1_800;
const pageSize = 200;
/** How far the clocks of platform and load may lie apart. What was written meanwhile is gone through at each look: not long. */
const clockMarginMs = 60_000;

export interface AftermathRead extends Aftermath {
  /** Instances that could not be read or had not caught up in time, and why: they do not count. */
  leftOut: readonly string[];
}

const stateSchema = z.object({ standby: z.boolean(), lsn: z.string().nullable(), timeline: z.number() });
const versionSchema = z.object({ resource: z.string(), version: z.number(), value: z.string().nullable() });
const auditRowSchema = z.object({
  request: z.string(),
  interaction: z.string(),
  outcome: z.string(),
  id: z.string().nullable(),
  version: z.number().nullable(),
});
const observationSchema = z.object({
  id: z.string(),
  meta: z.object({ versionId: z.coerce.number().int() }),
  valueString: z.string().optional(),
});

export type AuditRow = z.infer<typeof auditRowSchema>;

/** The timeline of a standby is that of the log it receives. */
const stateSql = `select json_build_object('standby', pg_is_in_recovery(),
  'lsn', case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end,
  'timeline', (pg_control_checkpoint()).timeline_id)`;

const observationsOf = (patient: string) => `type = 'Observation' and '${patient}' = any(patient_ids)`;

function versionsSql({ patient }: RunFacts): string {
  return `select json_build_object('resource', type || '/' || id, 'version', version, 'value', content::jsonb->>'valueString')
    from record.resource_version where ${observationsOf(patient)} and not deleted`;
}

function auditSql(facts: RunFacts, what: string): string {
  return `select ${what} from record.audit_event
    where recorded > to_timestamp(${Math.floor((facts.startedMs - clockMarginMs) / 1_000)}) and resource_type = 'Observation'
      and (patient_id = '${facts.patient}' or resource_id like 'absent-%-${facts.patient}'
        or (patient_id is null and resource_id in (select id from record.resource_version where ${observationsOf(facts.patient)})))`;
}

const auditRowSql = `json_build_object('request', request_id, 'interaction', interaction, 'outcome', outcome, 'id', resource_id,
  'version', substring(content from '/_history/([0-9]+)')::int)`;

/** `16/B374D848` as a number that can be compared. @throws Error for what is no position in the log */
export function parseLsn(text: string): bigint {
  const match = /^([0-9A-F]{1,8})\/([0-9A-F]{1,8})$/i.exec(text);
  if (match === null) throw new Error(`"${text}" is no position in PostgreSQL's log`);
  return (BigInt(`0x${match[1]}`) << 32n) + BigInt(`0x${match[2]}`);
}

/** Events as the checks want them. A read that the edge had to send twice is one access: both events name the same request. */
export function eventsOf(rows: readonly AuditRow[]): Aftermath["auditEvents"] {
  const seen = new Set<string>();
  return rows.flatMap(({ request, interaction, outcome, id, version }) => {
    const read = interaction === "read" || interaction === "search-type";
    const key = JSON.stringify([request, interaction, outcome, id, version]);
    if (read && seen.has(key)) return [];
    seen.add(key);
    const name = interaction === "search-type" ? "search" : interaction;
    const about = { ...(id === null ? {} : { resource: `Observation/${id}` }), ...(version === null ? {} : { version }) };
    return [{ interaction: name, ok: outcome === "0", ...about }];
  });
}

interface Instance {
  name: string;
  standby: boolean;
  lsn: bigint;
  timeline: number;
}

/** Between two answers; no JSON value. */
const divider = "--";

/** @throws Error when it does not say */
function instanceOf(name: string, rows: readonly unknown[]): Instance {
  const { standby, lsn, timeline } = stateSchema.parse(rows[0]);
  if (lsn === null) throw new Error("it does not say how far it is");
  return { name, standby, lsn: parseLsn(lsn), timeline };
}

class Postgres {
  readonly #target: Target;

  constructor(target: Target) {
    this.#target = target;
  }

  /** Names of the instances' pods. @throws Error when the cluster does not say */
  async instances(): Promise<string[]> {
    const args = ["get", "pods", "--selector", "cnpg.io/podRole=instance", "--output", "name"];
    const output = await this.#kubectl(args);
    return output
      .split("\n")
      .map((line) => line.replace(/^pod\//, "").trim())
      .filter((name) => name !== "")
      .toSorted();
  }

  /**
   * Asks one instance several things over one connection: each command in a pod costs its node more than the answer.
   * @returns what came of each, a JSON value a row @throws Error
   */
  async ask(instance: string, questions: readonly string[]): Promise<unknown[][]> {
    // The questions go to psql's standard input: they are not held to the length of an argument.
    const psql = ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d", "dsp"];
    const sql = `${questions.join(`;\n\\echo ${divider}\n`)};\n`;
    const output = await this.#kubectl(["exec", "-i", instance, "--container", "postgres", "--", ...psql], sql);
    return output.split(`${divider}\n`).map((rows) =>
      rows
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line)),
    );
  }

  /** What an instance says of itself; an Error where it says nothing. */
  async state(name: string): Promise<Instance | Error> {
    try {
      const [rows = []] = await this.ask(name, [stateSql]);
      return instanceOf(name, rows);
    } catch (failure) {
      return failure as Error;
    }
  }

  #kubectl(args: readonly string[], input?: string): Promise<string> {
    const options = { timeoutMs: toolMs, ...(input === undefined ? {} : { input }) };
    return this.#target.run("kubectl", ["--namespace", this.#target.namespace, ...args], options);
  }
}

async function statesOf(postgres: Postgres): Promise<Map<string, Instance | Error>> {
  const names = await postgres.instances();
  return new Map(await Promise.all(names.map(async (name) => [name, await postgres.state(name)] as const)));
}

function primaryOf(states: ReadonlyMap<string, Instance | Error>): Instance | undefined {
  const primaries = [...states.values()].filter((state): state is Instance => !(state instanceof Error) && !state.standby);
  // Of two the older one is the one that was replaced.
  return primaries.toSorted((left, right) => right.timeline - left.timeline)[0];
}

/** @throws Error when there is none in time */
async function findPrimary(postgres: Postgres, { pollMs, primaryLimitMs }: AftermathWaits): Promise<Instance> {
  const endMs = performance.now() + primaryLimitMs;
  for (;;) {
    const states = await statesOf(postgres);
    const primary = primaryOf(states);
    if (primary !== undefined) return primary;
    const told = [...states].map(([name, state]) => `${name}: ${state instanceof Error ? state.message : "standby"}`);
    if (performance.now() > endMs) throw new Error(`no PostgreSQL primary to read the aftermath from: ${told.join("; ")}`);
    await delay(pollMs);
  }
}

/** Waits on the server until no more records come; the last ones may have waited for the primary. Asked from here, each question were a process. */
function settleSql(facts: RunFacts, { pollMs, auditSettleMs, auditLimitMs }: AftermathWaits): string {
  return `do $wait$
    declare
      last_count bigint := -1;
      new_count bigint;
      since timestamptz := clock_timestamp();
      until constant timestamptz := clock_timestamp() + interval '${auditLimitMs} milliseconds';
    begin
      loop
        ${auditSql(facts, "count(*) into new_count")};
        if new_count <> last_count then
          last_count := new_count;
          since := clock_timestamp();
        end if;
        exit when clock_timestamp() - since >= interval '${auditSettleMs} milliseconds' or clock_timestamp() > until;
        perform pg_sleep(${pollMs} / 1000.0);
      end loop;
    end
  $wait$`;
}

function writesOf(rows: readonly unknown[]): StoredWrite[] {
  return versionSchema
    .array()
    .parse(rows)
    .map(({ resource, version, value }) => ({ resource, version, value: value ?? "" }));
}

/** Waits until the instance has replayed what the primary has written by now. @returns what it holds, or why it does not count */
async function readInstance(
  postgres: Postgres,
  name: string,
  primary: Instance,
  facts: RunFacts,
  { pollMs, replayLimitMs }: AftermathWaits,
): Promise<StoredWrite[] | string> {
  const endMs = performance.now() + replayLimitMs;
  for (;;) {
    let left: string;
    try {
      const [state = [], rows = []] = await postgres.ask(name, [stateSql, versionsSql(facts)]);
      const { standby, lsn } = instanceOf(name, state);
      // One that is no standby says its own: if it holds what the primary does not, that must show.
      if (!standby || lsn >= primary.lsn) return writesOf(rows);
      left = `${name} has not caught up with ${primary.name}`;
    } catch (failure) {
      left = `${name} could not be read: ${(failure as Error).message}`;
    }
    if (performance.now() > endMs) return left;
    await delay(pollMs);
  }
}

/** What a client finds. @throws Error when the public address does not answer */
async function readApi(target: Target, facts: RunFacts): Promise<StoredWrite[]> {
  const client = connectFhir(target, await target.makeToken(tokenTtlS));
  try {
    const code = encodeURIComponent(`${codeSystem}|${facts.runName}`);
    const found = await searchAll(client, `Observation?patient=${facts.patient}&code=${code}&_count=${pageSize}`);
    return found.map((resource) => {
      const { id, meta, valueString } = observationSchema.parse(resource);
      return { resource: `Observation/${id}`, version: meta.versionId, value: valueString ?? "" };
    });
  } finally {
    client.close();
  }
}

/**
 * Reads what the run left behind, once the load has ended, and keeps it in the folder's `aftermath.json`.
 * @throws Error when there is no primary, or the public address does not answer
 */
export async function readAftermath(target: Target, runName: string, folder: string, waits = defaultWaits): Promise<AftermathRead> {
  const facts = readRunFacts(folder, runName);
  const postgres = new Postgres(target);
  const { name } = await findPrimary(postgres, waits);
  const questions = [settleSql(facts, waits), stateSql, auditSql(facts, auditRowSql), versionsSql(facts)];
  const [, state = [], events = [], versions = []] = await postgres.ask(name, questions);
  const primary = instanceOf(name, state);
  const others = (await postgres.instances()).filter((other) => other !== name);
  // The API is asked last: the questions are in the audit trail themselves.
  const [found, ...read] = await Promise.all([
    readApi(target, facts),
    ...others.map((other) => readInstance(postgres, other, primary, facts, waits)),
  ]);
  const stores: Record<string, StoredWrite[]> = { [name]: writesOf(versions) };
  const leftOut: string[] = [];
  for (const [index, other] of others.entries()) {
    const held = read[index];
    if (typeof held === "string") leftOut.push(held);
    else if (held !== undefined) stores[other] = held;
  }
  stores[apiStore] = found;
  const aftermath: AftermathRead = { stores, auditEvents: eventsOf(auditRowSchema.array().parse(events)), leftOut };
  writeFileSync(join(folder, "aftermath.json"), `${JSON.stringify(aftermath)}\n`);
  return aftermath;
}
