import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { backgroundContext } from "../../lib/context.ts";
import { createMetrics } from "../../lib/metrics.ts";
import { ServiceClient } from "../../lib/service-client.ts";
import { TestPostgres } from "../../lib/testing/postgres.ts";
import type { ScriptProcess } from "../../lib/testing/script-process.ts";
import { TestIssuer } from "../../lib/testing/tokens.ts";
import { RecordStandIn } from "../testing/record-stand-in.ts";
import { startTestRegistry, type TestRegistry } from "../testing/registry.ts";
import { startServer } from "../testing/server-process.ts";
import { recordClient } from "./record-client.ts";
import { feedRecord, type RecordPut, sendWaiting } from "./send-messages.ts";
import { claimMessages } from "./store.ts";

let postgres: TestPostgres;
let issuer: TestIssuer;
let registry: TestRegistry;
let record: RecordStandIn;
let put: RecordPut;
const clients: ServiceClient[] = [];

beforeAll(async () => {
  postgres = await TestPostgres.start({ standbys: 0 });
  issuer = await TestIssuer.create();
  registry = await startTestRegistry({ postgres, issuer });
}, 60_000);

beforeEach(async () => {
  await postgres.query(postgres.at(0), "DELETE FROM registry.outbox");
  record = await RecordStandIn.start();
  put = clientOf(record.port, "own");
});

afterEach(() => {
  for (const client of clients.splice(0)) client.stop();
  record.stop();
});

afterAll(async () => {
  registry?.stop();
  await postgres?.stop();
  await issuer?.remove();
});

function clientOf(port: number, token: string): RecordPut {
  const client = new ServiceClient({ name: "record", domain: "test", port, log: registry.deps.log, lookup: async () => ["127.0.0.1"] });
  clients.push(client);
  return recordClient(client, { header: async () => `Bearer ${token}` });
}

interface Organization {
  id: string;
  name: string;
  meta: { versionId: string };
}

/** An organisation with that many versions. */
async function organization(versions: number): Promise<Organization> {
  const body = { resourceType: "Organization", name: "Test-Praxis" };
  let current = (await (await registry.call("POST", "/registry/fhir/Organization", { body })).json()) as Organization;
  for (let version = 1; version < versions; version++) {
    const changed = { ...current, name: `Test-Praxis ${version}` };
    const headers = { "If-Match": `W/"${version}"` };
    const response = await registry.call("PUT", `/registry/fhir/Organization/${current.id}`, { body: changed, headers });
    expect(response.status).toBe(200);
    current = (await response.json()) as Organization;
  }
  return current;
}

/** A registry of metrics takes each name once; every replica has its own. */
function freshMetrics() {
  return createMetrics({ service: "registry" });
}

async function untilEmpty(): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    const rows = await postgres.query(postgres.at(0), "SELECT 1 FROM registry.outbox WHERE state = 'waiting' LIMIT 1");
    if (rows.length === 0) return;
    await sleep(100);
  }
  throw new Error("the outbox does not empty");
}

const versionsOf = ({ id }: { id: string }): string[] =>
  record.done.filter(({ path }) => path === `/fhir/Organization/${id}`).map(({ version }) => version);

interface Outbox {
  counts: { waiting: number; dead: number };
  messages: { id: string; resource: string; version: number; problem: string }[];
}

async function outbox(state: string): Promise<Outbox> {
  return (await (await registry.call("GET", `/registry/outbox?state=${state}`)).json()) as Outbox;
}

describe("the feed of the record", () => {
  it("tells every version once and in order, by two replicas, while the record fails, loses answers and comes back", async () => {
    const all = [await organization(4), await organization(3), await organization(5)];
    const startedMs = performance.now();
    let lost = 0;
    record.answer = ({ key }) => {
      if (performance.now() - startedMs < 1500) return 503;
      return Number(key.replace(/\D/g, "")) % 3 === 0 && lost++ < 4 ? "lost" : undefined;
    };
    const stop = new AbortController();
    const workers = [0, 1].map(() => feedRecord({ ...registry.deps, metrics: freshMetrics() }, put, { pollMs: 100, signal: stop.signal }));
    await untilEmpty();
    stop.abort();
    await Promise.all(workers);
    expect(all.map(versionsOf)).toEqual([
      ["1", "2", "3", "4"],
      ["1", "2", "3"],
      ["1", "2", "3", "4", "5"],
    ]);
    expect(new Set(record.done.map(({ key }) => key)).size).toBe(12);
    expect(Math.max(...record.seen.values())).toBeGreaterThan(1);
    expect(record.done.every(({ authorization }) => authorization === "Bearer own")).toBe(true);
  });

  it("sends what a dead replica had claimed, under the same key", async () => {
    const made = await organization(2);
    const context = backgroundContext(registry.deps.log, "dying", 5000);
    const [claimed] = await registry.deps.database.write(context, (transaction) => claimMessages(transaction, 10));
    expect(await sendWaiting(registry.deps, put)).toBe(0);
    await put(context, { path: `/fhir/Organization/${made.id}`, key: `registry-outbox-${claimed?.id}`, body: claimed?.content ?? "" });
    await postgres.query(postgres.at(0), "UPDATE registry.outbox SET next_at = now() WHERE state = 'waiting'");
    await sendWaiting(registry.deps, put);
    await sendWaiting(registry.deps, put);
    expect([versionsOf(made), record.seen.get(`registry-outbox-${claimed?.id}`)]).toEqual([["1", "2"], 2]);
  });

  it("waits longer each time", async () => {
    await organization(1);
    const answers: number[] = [];
    for (let attempt = 0; attempt < 4; attempt++) {
      await sendWaiting(registry.deps, async () => 503);
      const [row] = await postgres.query<{ seconds: number }>(
        postgres.at(0),
        "SELECT extract(epoch FROM next_at - now())::float AS seconds FROM registry.outbox",
      );
      answers.push(row?.seconds ?? 0);
      await postgres.query(postgres.at(0), "UPDATE registry.outbox SET next_at = now()");
    }
    expect(answers[3]).toBeGreaterThan((answers[0] ?? 0) * 3);
  });

  it("lays aside what the record refuses, shows it to operators, and sends it again when told to", async () => {
    const made = await organization(1);
    record.answer = () => 422;
    expect(await sendWaiting(registry.deps, put)).toBe(1);
    const { counts, messages } = await outbox("dead");
    expect([counts, messages.map(({ resource, problem }) => [resource, problem])]).toEqual([
      { waiting: 0, dead: 1 },
      [[`Organization/${made.id}`, "status 422"]],
    ]);
    record.answer = () => undefined;
    const retry = () => registry.call("POST", `/registry/outbox/${messages[0]?.id}/retry`);
    expect((await retry()).status).toBe(204);
    expect(await sendWaiting(registry.deps, put)).toBe(1);
    expect([versionsOf(made), (await outbox("dead")).counts.dead, (await retry()).status]).toEqual([["1"], 0, 409]);
  });

  it("never sends an older version after a newer one, when told to send it again", async () => {
    const made = await organization(2);
    record.answer = ({ version }) => (version === "1" ? 400 : undefined);
    await sendWaiting(registry.deps, put);
    await sendWaiting(registry.deps, put);
    const { messages } = await outbox("dead");
    record.answer = () => undefined;
    expect((await registry.call("POST", `/registry/outbox/${messages[0]?.id}/retry`)).status).toBe(409);
    expect(versionsOf(made)).toEqual(["2"]);
  });

  it("counts in the metrics what waits and what is dead", async () => {
    await organization(1);
    const metrics = freshMetrics();
    const stop = new AbortController();
    const worker = feedRecord({ ...registry.deps, metrics }, put, { pollMs: 100, signal: stop.signal });
    await untilEmpty();
    await sleep(300);
    stop.abort();
    await worker;
    const text = await metrics.registry.metrics();
    expect(text).toMatch(/dsp_registry_outbox_attempts_total\{result="sent"[^}]*\} 1/);
    expect(text).toMatch(/dsp_registry_outbox_messages\{state="dead"[^}]*\} 0/);
  });
});

describe("with the record itself", () => {
  let server: ScriptProcess;

  beforeAll(async () => {
    const script = join(import.meta.dirname, "..", "..", "record", "server.ts");
    server = await startServer(script, { postgres, issuer });
  }, 90_000);

  afterAll(() => {
    server?.child.kill("SIGKILL");
  });

  it("the record holds what the registry holds, merges included", async () => {
    const token = await issuer.token({ sub: "registry", client_id: "registry" });
    const own = clientOf(server.port, token);
    const patient = (family: string) => ({
      resourceType: "Patient",
      name: [{ family, given: ["Ada"] }],
      birthDate: "1950-05-05",
      gender: "female",
    });
    const create = async (body: object) =>
      (await (await registry.call("POST", "/registry/fhir/Patient", { body })).json()) as { id: string };
    const [source, target] = [await create(patient("Test-Quelle")), await create(patient("Test-Ziel"))];
    const reference = (name: string, { id }: { id: string }) => ({ name, valueReference: { reference: `Patient/${id}` } });
    const body = { resourceType: "Parameters", parameter: [reference("source-patient", source), reference("target-patient", target)] };
    expect((await registry.call("POST", "/registry/fhir/Patient/$merge", { body })).status).toBe(200);
    const made = await organization(2);
    for (let round = 0; round < 4; round++) await sendWaiting(registry.deps, own);
    await untilEmpty();
    for (const [type, id] of [
      ["Patient", source.id],
      ["Patient", target.id],
      ["Organization", made.id],
    ]) {
      const headers = { Authorization: `Bearer ${token}` };
      const there = await fetch(`http://127.0.0.1:${server.port}/fhir/${type}/${id}`, { headers });
      const here = await registry.call("GET", `/registry/fhir/${type}/${id}`);
      const bare = async (response: Response) => ({ ...((await response.json()) as object), meta: undefined });
      expect(await bare(there)).toEqual(await bare(here));
    }
  });
});
