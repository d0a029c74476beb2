import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nationalNumber, nationalNumberSystem } from "../../lib/national-number.ts";
import { TestPostgres } from "../../lib/testing/postgres.ts";
import { TestIssuer } from "../../lib/testing/tokens.ts";
import { startTestRegistry, type TestRegistry } from "../testing/registry.ts";
import { startServer } from "../testing/server-process.ts";
import { processLines } from "./process-lines.ts";

interface Job {
  id: string;
  state: string;
  lines: number;
  counts: Record<"created" | "updated" | "unchanged" | "duplicate" | "error" | "waiting", number>;
}
interface Report {
  lines: { line: number; outcome: string; resource?: string; words?: string[]; candidates?: string[] }[];
  next?: string;
}

let postgres: TestPostgres;
let issuer: TestIssuer;
let replicas: [TestRegistry, TestRegistry];
let registry: TestRegistry;

beforeAll(async () => {
  postgres = await TestPostgres.start({ standbys: 0 });
  issuer = await TestIssuer.create();
  replicas = [await startTestRegistry({ postgres, issuer }), await startTestRegistry({ postgres, issuer })];
  registry = replicas[0];
}, 60_000);

afterAll(async () => {
  for (const replica of replicas ?? []) replica.stop();
  await postgres?.stop();
  await issuer?.remove();
});

let counter = 0;
function patient(changes: object = {}): Record<string, unknown> & { birthDate: string } {
  counter++;
  const birthDate = new Date(Date.UTC(1925, 0, 1 + counter * 31)).toISOString().slice(0, 10);
  const letters = [...String(counter)].map((digit) => "bdfgklmnrs"[Number(digit)]).join("o");
  return {
    ...{ resourceType: "Patient", active: true, gender: "male", birthDate },
    name: [{ family: `Test-V${letters}u`, given: [`P${letters}i`] }],
    identifier: [{ system: nationalNumberSystem, value: nationalNumber(birthDate, counter % 1000) }],
    ...changes,
  };
}

const ndjson = (resources: readonly object[]): string => resources.map((each) => JSON.stringify(each)).join("\n");

function upload(body: string, options: { query?: string; type?: string; headers?: Record<string, string> } = {}): Promise<Response> {
  const headers = { "Content-Type": options.type ?? "application/x-ndjson", ...options.headers };
  return registry.call("POST", `/registry/imports${options.query ?? ""}`, { body, headers });
}

async function taken(answer: Promise<Response>): Promise<Job> {
  const response = await answer;
  expect([200, 202], await response.clone().text()).toContain(response.status);
  return (await response.json()) as Job;
}

async function processAll(deps = registry.deps): Promise<void> {
  for (let idle = 0; idle < 2; ) idle = (await processLines(deps)) > 0 ? 0 : idle + 1;
}

async function job(id: string): Promise<Job> {
  return (await (await registry.call("GET", `/registry/imports/${id}`)).json()) as Job;
}

async function report(id: string): Promise<Report["lines"]> {
  const lines: Report["lines"] = [];
  let path: string | undefined = `/registry/imports/${id}/report?count=3`;
  while (path) {
    const page: Report = (await (await registry.call("GET", path)).json()) as Report;
    lines.push(...page.lines);
    path = page.next?.replace("https://dsp.test", "");
  }
  return lines;
}

describe("an import", () => {
  it("tells of each line what became of it", async () => {
    const known = patient();
    const created = await registry.call("POST", "/registry/fhir/Patient", { body: known });
    const { id } = (await created.json()) as { id: string };
    const bare = { ...patient(), identifier: [] } as Record<string, unknown>;
    const lines = [
      patient(),
      { ...known, address: [{ city: "Musterdorf" }] },
      known,
      patient({ identifier: [{ system: nationalNumberSystem, value: "1234567890123" }] }),
      bare,
      bare,
      { ...bare, name: [{ family: "Test-Anders", given: (bare.name as { given: string[] }[])[0]?.given }], address: [] },
      { resourceType: "Observation" },
      patient({ gender: "yes" }),
    ];
    const { id: jobId, state, lines: count } = await taken(upload(`${ndjson(lines)}\nno json\n`));
    expect([state, count]).toEqual(["ready", 10]);
    await processAll();
    const found = await report(jobId);
    expect(found.map(({ outcome }) => outcome)).toEqual([
      ...["created", "updated", "unchanged", "error", "created", "duplicate", "created", "error", "error", "error"],
    ]);
    expect(found[1]?.resource).toBe(`Patient/${id}`);
    expect(found[3]?.words?.length).toBeGreaterThan(1);
    expect(found[5]?.candidates).toEqual([found[4]?.resource]);
    expect(found.every(({ outcome, words }) => outcome !== "error" || (words?.length ?? 0) > 0)).toBe(true);
    const done = await job(jobId);
    expect([done.state, done.counts]).toEqual(["done", { created: 3, updated: 1, unchanged: 1, duplicate: 1, error: 4, waiting: 0 }]);
    const kept = await postgres.query(postgres.at(0), "SELECT 1 FROM registry.import_line WHERE content IS NOT NULL");
    expect(kept).toEqual([]);
  });

  it("reads CSV, with commas or semicolons, and reports in CSV", async () => {
    const number = nationalNumber("1961-02-03", 11);
    const rows = [
      "national_number;family;given;birth_date;gender;city",
      `${number};"Test-Semi;kolon";Ada;1961-02-03;female;Probstadt`,
      ";Test-Ohne;;1961-02-03;;",
    ];
    const { id } = await taken(upload(rows.join("\r\n"), { type: "text/csv" }));
    await processAll();
    const lines = await report(id);
    expect(lines.map(({ outcome }) => outcome)).toEqual(["created", "error"]);
    const made = (await (await registry.call("GET", `/registry/fhir/${lines[0]?.resource}`)).json()) as { name: { family: string }[] };
    expect(made.name[0]?.family).toBe("Test-Semi;kolon");
    const { imports } = (await (await registry.call("GET", "/registry/imports")).json()) as { imports: Job[] };
    expect([imports[0]?.id, imports.length]).toEqual([id, 2]);
    const before = (await (await registry.call("GET", `/registry/imports?after=${id}`)).json()) as { imports: Job[] };
    expect(before.imports).toEqual(imports.slice(1));
    const csv = await registry.call("GET", `/registry/imports/${id}/report`, { headers: { Accept: "text/csv" } });
    const text = await csv.text();
    expect(text.split("\r\n").map((line) => line.split(",").slice(0, 2).join())).toEqual(["line,outcome", "1,created", "2,error", ""]);
  });

  it("makes of a professional's line the person and the role, once", async () => {
    const csv = "identifier_system,identifier,family,given,profession,organization_id\nurn:x,77,Test-Neu,Lea,midwife,demo-hospital";
    const first = await taken(upload(csv, { type: "text/csv", query: "?kind=practitioners" }));
    const second = await taken(upload(csv, { type: "text/csv", query: "?kind=practitioners" }));
    await processAll();
    await processAll();
    expect([(await report(first.id))[0]?.outcome, (await report(second.id))[0]?.outcome]).toEqual(["created", "unchanged"]);
    const roles = await registry.call("GET", "/registry/fhir/PractitionerRole?role=midwife&practitioner.name=Neu");
    expect(((await roles.json()) as { entry?: object[] }).entry?.length).toBe(1);
  });

  it("refuses what it cannot take, in words", async () => {
    const status = async (answer: Promise<Response>): Promise<number> => (await answer).status;
    expect(await status(upload("x", { type: "application/json" }))).toBe(415);
    expect(await status(upload("", {}))).toBe(400);
    expect(await status(upload("family;given", { type: "text/csv" }))).toBe(400);
    expect(await status(upload("{}", { query: "?kind=cats" }))).toBe(400);
    expect(await status(upload(`${"x".repeat(300_000)}\n`))).toBe(413);
    expect(await status(registry.call("GET", "/registry/imports/00000000-0000-0000-0000-000000000000"))).toBe(404);
  });

  it("goes on where an upload was cut off, and refuses another file under its key", async () => {
    const people = Array.from({ length: 30 }, () => patient());
    const headers = { "Idempotency-Key": "upload-1" };
    const text = ndjson(people);
    const cut = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new TextEncoder().encode(text.slice(0, text.length / 2)));
        setTimeout(() => controller.error(new Error("the client left")), 50);
      },
    });
    const token = await issuer.token();
    const { createApp } = await import("../app.ts");
    const request = new Request("http://registry/registry/imports", {
      method: "POST",
      headers: { ...headers, Authorization: `Bearer ${token}`, "Content-Type": "application/x-ndjson" },
      body: cut,
      duplex: "half",
    } as RequestInit);
    expect((await createApp(registry.deps).fetch(request)).status).toBe(499);
    await processAll();
    const resumed = await upload(text, { headers });
    const again = await upload(text, { headers });
    const jobs = [(await resumed.json()) as Job, (await again.json()) as Job];
    expect([resumed.status, again.status, new Set(jobs.map(({ id }) => id)).size, jobs[0]?.lines]).toEqual([200, 200, 1, 30]);
    const half = { "Idempotency-Key": "upload-2" };
    await upload(ndjson(people.slice(0, 2)), { headers: half, query: "?kind=patients" });
    const other = await upload(ndjson(people), { headers: half, query: "?kind=practitioners" });
    expect(other.status).toBe(422);
    await processAll();
    expect((await job(jobs[0]?.id ?? "")).counts.created).toBe(30);
  });

  it("is shared by replicas, each line done once", async () => {
    const people = Array.from({ length: 120 }, () => patient());
    const { id } = await taken(upload(ndjson(people)));
    await Promise.all([processAll(replicas[0].deps), processAll(replicas[1].deps), processAll(replicas[0].deps)]);
    await processAll();
    const done = await job(id);
    expect([done.state, done.counts.created]).toEqual(["done", 120]);
    const resources = (await report(id)).map(({ resource }) => resource?.replace("Patient/", ""));
    const versions = await postgres.query<{ count: number }>(
      postgres.at(0),
      "SELECT count(*)::int FROM registry.resource_version WHERE id = ANY ($1)",
      [resources],
    );
    expect([new Set(resources).size, versions[0]?.count]).toEqual([120, 120]);
  });

  it("goes on after its worker was killed in the middle, each line done exactly once", async () => {
    const server = await startServer(join(import.meta.dirname, "..", "server.ts"), { postgres, issuer, environment: { POLL_MS: "100" } });
    try {
      const people = Array.from({ length: 400 }, () => patient());
      const { id } = await taken(upload(ndjson(people)));
      for (let attempt = 0; attempt < 1000; attempt++) {
        if ((await job(id)).counts.created > 20) break;
        await sleep(10);
      }
      server.child.kill("SIGKILL");
      const { counts } = await job(id);
      expect(counts.created).toBeGreaterThan(20);
      expect(counts.waiting).toBeGreaterThan(0);
      await sleep(300);
      await processAll();
      const done = await job(id);
      expect([done.state, done.counts.created, done.counts.waiting]).toEqual(["done", 400, 0]);
      const numbers = people.map(({ identifier }) => `${nationalNumberSystem}|${(identifier as { value: string }[])[0]?.value}`);
      const rows = await postgres.query<{ people: number; versions: number; outbox: number; audits: number }>(
        postgres.at(0),
        `WITH p AS (SELECT DISTINCT id FROM registry.search_key WHERE parameter = 'identifier' AND value = ANY ($1))
         SELECT (SELECT count(*)::int FROM p) AS people,
           (SELECT count(*)::int FROM registry.resource_version WHERE id IN (SELECT id FROM p)) AS versions,
           (SELECT count(*)::int FROM registry.outbox WHERE resource_id IN (SELECT id FROM p)) AS outbox,
           (SELECT count(*)::int FROM registry.audit_event WHERE interaction = 'create' AND patient_id IN (SELECT id FROM p)) AS audits`,
        [numbers],
      );
      expect(rows).toEqual([{ people: 400, versions: 400, outbox: 400, audits: 400 }]);
    } finally {
      server.child.kill("SIGKILL");
    }
  }, 240_000);
});
