import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createMetrics } from "../lib/metrics.ts";
import { ServiceClient } from "../lib/service-client.ts";
import { TestPostgres } from "../lib/testing/postgres.ts";
import { TestRedis } from "../lib/testing/redis.ts";
import { TestIssuer } from "../lib/testing/tokens.ts";
import { recordClient } from "./feed/record-client.ts";
import { feedRecord } from "./feed/send-messages.ts";
import { runImports } from "./import/process-lines.ts";
import { RecordStandIn } from "./testing/record-stand-in.ts";
import { startTestRegistry, type TestRegistry } from "./testing/registry.ts";

let postgres: TestPostgres;
let redis: TestRedis;
let issuer: TestIssuer;
let registry: TestRegistry;
let record: RecordStandIn;

beforeAll(async () => {
  postgres = await TestPostgres.start({ standbys: 2 });
  redis = await TestRedis.start();
  issuer = await TestIssuer.create();
  registry = await startTestRegistry({ postgres, issuer, redis });
  record = await RecordStandIn.start();
}, 90_000);

afterAll(async () => {
  registry?.stop();
  record?.stop();
  await redis?.stop();
  await postgres?.stop();
  await issuer?.remove();
});

const letters = (number: number): string => [...String(number)].map((digit) => "bdfgklmnrs"[Number(digit)]).join("o");
const person = (number: number) => ({
  resourceType: "Patient",
  identifier: [{ system: "urn:test", value: `n${number}` }],
  name: [{ family: `Test-V${letters(number)}u`, given: [`P${letters(number)}i`] }],
  birthDate: new Date(Date.UTC(1925, 0, 1 + number * 31)).toISOString().slice(0, 10),
});
const ids: string[] = [];

async function create(number: number): Promise<void> {
  const response = await registry.call("POST", "/registry/fhir/Patient", { body: person(number) });
  expect(response.status, await response.clone().text()).toBe(201);
  ids.push(((await response.json()) as { id: string }).id);
}

async function merge(source: string, target: string): Promise<number> {
  const parameter = [
    { name: "source-patient", valueReference: { reference: `Patient/${source}` } },
    { name: "target-patient", valueReference: { reference: `Patient/${target}` } },
  ];
  const response = await registry.call("POST", "/registry/fhir/Patient/$merge", { body: { resourceType: "Parameters", parameter } });
  return response.status;
}

describe("the primary crashes", () => {
  it("in the middle of an import, of merges and of the feed: all is done, once", async () => {
    for (let number = 1000; number < 1020; number++) await create(number);
    const client = new ServiceClient({
      ...{ name: "record", domain: "test", port: record.port, log: registry.deps.log, lookup: async () => ["127.0.0.1"] },
    });
    const stop = new AbortController();
    const options = { pollMs: 100, signal: stop.signal };
    const put = recordClient(client, { header: async () => "Bearer own" });
    const background = [
      runImports(registry.deps, options),
      feedRecord({ ...registry.deps, metrics: createMetrics({ service: "registry" }) }, put, options),
    ];
    const body = Array.from({ length: 250 }, (_, number) => JSON.stringify(person(number))).join("\n");
    const upload = await registry.call("POST", "/registry/imports", { body, headers: { "Content-Type": "application/x-ndjson" } });
    const { id } = (await upload.json()) as { id: string };
    await sleep(400);
    const merges: Promise<number>[] = [];
    for (let pair = 0; pair < 20; pair += 2) {
      merges.push(merge(ids[pair] ?? "", ids[pair + 1] ?? ""));
      if (pair === 8) await postgres.crash(postgres.at(0));
      await sleep(40);
    }
    await sleep(1500);
    const primary = await postgres.failOver();
    expect(await Promise.all(merges)).toEqual(Array.from({ length: 10 }, () => 200));
    const waiting = async (): Promise<number> => {
      const [row] = await postgres.query<{ count: number }>(
        primary,
        "SELECT (SELECT count(*) FROM registry.outbox WHERE state = 'waiting')::int + (SELECT count(*) FROM registry.import_line WHERE outcome IS NULL)::int AS count",
      );
      return row?.count ?? -1;
    };
    for (let attempt = 0; attempt < 900 && (await waiting()) > 0; attempt++) await sleep(100);
    stop.abort();
    await Promise.all(background);
    client.stop();

    const report = (await (await registry.call("GET", `/registry/imports/${id}`)).json()) as { counts: { created: number } };
    expect(report.counts.created).toBe(250);
    const rows = await postgres.query<{ id: string; versions: number; told: number; audits: number }>(
      primary,
      `SELECT r.id, r.version AS versions, (SELECT count(*)::int FROM registry.outbox o WHERE o.resource_id = r.id AND o.state = 'sent') AS told,
         (SELECT count(*)::int FROM registry.audit_event a WHERE a.resource_id = r.id AND a.interaction IN ('create', 'operation')) AS audits
       FROM registry.resource r`,
    );
    expect(rows.length).toBe(270);
    expect(rows.filter(({ versions, told, audits }) => told !== versions || audits !== versions)).toEqual([]);
    expect(
      rows
        .filter(({ versions }) => versions === 2)
        .map((row) => row.id)
        .sort(),
    ).toEqual([...ids].sort());
    for (const { id: patient, versions } of rows) {
      const told = record.done.filter(({ path }) => path === `/fhir/Patient/${patient}`).map(({ version }) => Number(version));
      expect(told).toEqual(Array.from({ length: versions }, (_, version) => version + 1));
    }
  }, 180_000);
});
