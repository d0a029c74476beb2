/** The FHIR API through the edge's virtual IP, with a public client that knows nothing of us. */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { Agent, request } from "node:https";
import { buffer } from "node:stream/consumers";
import { type ConnectionOptions, connect } from "node:tls";
import { Client, type FhirResource } from "fhir-kit-client";
import { beforeAll, describe, expect, it } from "vitest";
import { readLabFacts } from "../../infra/lab/facts.ts";
import { fhirUrl, runTool, stack, systemToken, trustPlatform } from "./platform-under-test.ts";

let client: Client;
const family = `Apitest${Date.now().toString(36)}`;

interface Entries {
  total?: number;
  entry?: { resource: { id: string; resourceType: string } }[];
}

function newPatient(given: string): FhirResource {
  return { resourceType: "Patient", name: [{ family, given: [given] }], gender: "female", birthDate: "1980-02-29" };
}

beforeAll(async () => {
  trustPlatform();
  client = new Client({ baseUrl: fhirUrl, bearerToken: await systemToken() });
});

/** @returns what the edge agreed to; rejects where it did not */
function shakeHands(options: ConnectionOptions): Promise<string | null> {
  const { hostname, port } = new URL(fhirUrl);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port || 443), rejectUnauthorized: false, ...options }, () => {
      resolve(socket.getProtocol());
      socket.destroy();
    });
    socket.setTimeout(10_000, () => socket.destroy(new Error("no answer")));
    socket.once("error", reject);
  });
}

describe("the edge", () => {
  it("takes TLS 1.2 and later with strong suites, and nothing weaker", async () => {
    // The client's own security level would refuse what is tried here.
    const any = { ciphers: "ALL:@SECLEVEL=0" };
    expect(await shakeHands({})).toBe("TLSv1.3");
    expect(await shakeHands({ ...any, maxVersion: "TLSv1.2" })).toBe("TLSv1.2");
    await expect(shakeHands({ ...any, minVersion: "TLSv1", maxVersion: "TLSv1.1" })).rejects.toThrow(/alert|version/);
    const weak = "ECDHE-RSA-AES128-SHA:ECDHE-ECDSA-AES128-SHA:AES128-GCM-SHA256:AES128-SHA:@SECLEVEL=0";
    await expect(shakeHands({ ciphers: weak, maxVersion: "TLSv1.2" })).rejects.toThrow(/alert handshake failure/);
  });

  it("has all its parts at work, those that nobody asks for readiness too", async () => {
    const logs = await runTool("kubectl", [
      "--namespace",
      "dsp-edge",
      "logs",
      "--selector",
      "app.kubernetes.io/component=edge",
      "--container",
      "keepalived",
      "--tail=-1",
    ]);
    expect(logs).not.toMatch(/ended with status/);
  });

  it("names no software in what it sends along, for what is there, refused or not there", async () => {
    const paths = [
      "/portal/",
      "/fhir/metadata",
      "/fhir/Patient",
      "/identity/.well-known/openid-configuration",
      "/exchange/inbox",
      "/no-such-thing",
    ];
    for (const path of paths) {
      const { headers } = await fetch(new URL(path, fhirUrl), { redirect: "manual" });
      for (const name of ["server", "via", "x-powered-by"]) expect(headers.has(name), `${path}: ${name}`).toBe(false);
      expect(JSON.stringify([...headers]), path).not.toMatch(/haproxy|node\.?js|hono|postgres|express/i);
    }
  });
});

/** Reads over HTTP/1.1, one after the other on one connection. @returns how long each took, in ms, in order of length */
async function readAgain(path: string, times: number): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const headers = { authorization: `Bearer ${await systemToken()}` };
  const took: number[] = [];
  for (let at = 0; at < times; at++) {
    const startMs = performance.now();
    const asked = request(new URL(path, fhirUrl), { agent, headers });
    asked.end();
    const [answer] = (await once(asked, "response")) as [IncomingMessage];
    await buffer(answer);
    expect(answer.statusCode).toBe(200);
    took.push(performance.now() - startMs);
  }
  agent.destroy();
  return took.toSorted((left, right) => left - right);
}

describe("the FHIR API", () => {
  it("does not let the end of a short answer wait, over HTTP/1.1 either", async () => {
    const { id } = await client.create({ resourceType: "Patient", body: newPatient("Short") });
    const took = await readAgain(`/fhir/Patient/${id as string}`, 21);
    const [quickest = 0, median = 0] = [took[0], took[10]];
    // The kernel keeps what it is told more will follow for 200 ms.
    expect(median - quickest, took.map(Math.round).join(" ")).toBeLessThan(150);
  });

  it("says what it can do, to anybody", async () => {
    const statement = await new Client({ baseUrl: fhirUrl }).capabilityStatement();
    expect(statement).toMatchObject({ resourceType: "CapabilityStatement", fhirVersion: "4.0.1" });
  });

  it("creates, reads, updates and finds a Patient", async () => {
    const created = await client.create({ resourceType: "Patient", body: newPatient("Anna") });
    const id = created.id as string;
    expect(await client.read({ resourceType: "Patient", id })).toMatchObject({ id, name: [{ family, given: ["Anna"] }] });
    await client.update({ resourceType: "Patient", id, body: { ...newPatient("Berta"), id } });
    expect(await client.read({ resourceType: "Patient", id })).toMatchObject({ name: [{ given: ["Berta"] }], meta: { versionId: "2" } });
    expect(await client.vread({ resourceType: "Patient", id, version: "1" })).toMatchObject({ name: [{ given: ["Anna"] }] });
    const found = (await client.search({ resourceType: "Patient", searchParams: { family, given: "Berta" } })) as Entries;
    expect(found.entry?.map(({ resource }) => resource.id)).toEqual([id]);
    const history = (await client.history({ resourceType: "Patient", id })) as Entries;
    expect(history.entry).toHaveLength(2);
  });

  it("keeps documents, observations and their contents by patient", async () => {
    const patient = (await client.create({ resourceType: "Patient", body: newPatient("Clara") })).id as string;
    const subject = { reference: `Patient/${patient}` };
    const binary = await client.create({
      resourceType: "Binary",
      body: { resourceType: "Binary", contentType: "text/plain", data: "c3ludGhldGlj", securityContext: subject },
    });
    expect(binary.id).toBeDefined();
    await client.create({
      resourceType: "Observation",
      body: {
        resourceType: "Observation",
        status: "final",
        code: { coding: [{ system: "http://loinc.org", code: "8867-4" }] },
        subject,
        effectiveDateTime: "2026-01-02T03:04:05Z",
        valueQuantity: { value: 61, unit: "/min", system: "http://unitsofmeasure.org", code: "/min" },
      },
    });
    await client.create({
      resourceType: "DocumentReference",
      body: {
        resourceType: "DocumentReference",
        status: "current",
        type: { coding: [{ system: "http://loinc.org", code: "11502-2" }] },
        subject,
        date: "2026-01-02T03:04:05Z",
        content: [{ attachment: { contentType: "text/plain", url: `Binary/${binary.id}` } }],
      },
    });
    const observations = (await client.search({
      resourceType: "Observation",
      searchParams: { patient, code: "http://loinc.org|8867-4", date: "2026-01-02" },
    })) as Entries;
    expect(observations.entry).toHaveLength(1);
    const documents = (await client.search({ resourceType: "DocumentReference", searchParams: { patient } })) as Entries;
    expect(documents.entry?.map(({ resource }) => resource.resourceType)).toEqual(["DocumentReference"]);
  });

  it("streams a long document to storage and back", async () => {
    const bytes = randomBytes(20 * 1024 * 1024 + 1);
    bytes.write("%PDF-1.7\n");
    const authorization = `Bearer ${await systemToken()}`;
    const headers = { authorization, "content-type": "application/pdf" };
    const created = await fetch(`${fhirUrl}/Binary`, { method: "POST", headers, body: bytes });
    expect(created.status).toBe(201);
    const { id } = (await created.json()) as { id: string };
    const back = await fetch(`${fhirUrl}/Binary/${id}`, { headers: { authorization, accept: "application/pdf" } });
    expect([back.status, back.headers.get("content-length")]).toEqual([200, String(bytes.length)]);
    expect(Buffer.from(await back.arrayBuffer()).equals(bytes)).toBe(true);
  }, 60_000);

  it("says what is wrong to who sends a long document that is refused at its beginning", async () => {
    const body = Buffer.alloc(20 * 1024 * 1024);
    const send = (headers: Record<string, string>) =>
      fetch(`${fhirUrl}/Binary`, { method: "POST", headers: { ...headers, "content-type": "application/pdf" }, body });
    const answers = [await send({}), await send({ authorization: `Bearer ${await systemToken()}` })];
    expect(answers.map(({ status }) => status)).toEqual([401, 422]);
    for (const answer of answers) expect(await answer.json()).toMatchObject({ resourceType: "OperationOutcome" });
  }, 60_000);

  it("refuses with an OperationOutcome who brings no token", async () => {
    const answer = await fetch(`${fhirUrl}/Patient/1`);
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ resourceType: "OperationOutcome" });
  });

  it("does a write once that is sent twice with the same key", async () => {
    const headers = {
      authorization: `Bearer ${await systemToken()}`,
      "content-type": "application/fhir+json",
      "idempotency-key": `twice-${family}`,
    };
    const send = async () =>
      (await (await fetch(`${fhirUrl}/Patient`, { method: "POST", headers, body: JSON.stringify(newPatient("Dora")) })).json()) as {
        id: string;
      };
    const [first, second] = [await send(), await send()];
    expect(first.id).toBeDefined();
    expect(second.id).toBe(first.id);
  });

  it("leads plain HTTP to HTTPS, and answers at localhost too", async () => {
    const plain = await fetch(fhirUrl.replace("https:", "http:").concat("/metadata"), { redirect: "manual" });
    expect([301, 308]).toContain(plain.status);
    expect(plain.headers.get("location")).toMatch(/^https:/);
    const local = await fetch(`https://127.0.0.1:${readLabFacts()?.settings.edgePort}/fhir/metadata`);
    expect(local.status).toBe(200);
  });
});

describe("the command line", () => {
  it("prints the status as the stable JSON", async () => {
    const status = JSON.parse(await runTool("./dsp", ["status", "--json"]));
    expect(status).toMatchObject({ healthy: true, endpoints: { fhir: fhirUrl, ca: stack.caFile } });
    expect(status.sites.map((site: { name: string }) => site.name)).toEqual(["site-a", "site-b", "witness"]);
    expect(status.postgres.instances).toHaveLength(3);
    expect(status.postgres.instances.filter((instance: { role: string }) => instance.role === "primary")).toHaveLength(1);
  });

  it("takes a backup that has started, and tells of it", async () => {
    type Run = { site: string; name: string; bytes: number; tables: number };
    const startedAt = new Date().toISOString().replaceAll(":", "-");
    const taken = JSON.parse(await runTool("./dsp", ["backup", "now", "--site", "site-b", "--json"])) as Run[];
    const last = taken.at(-1);
    expect(last).toMatchObject({ site: "site-b", bytes: expect.any(Number), tables: expect.any(Number) });
    // Its name is the second in which it began.
    expect(String(last?.name) >= startedAt.slice(0, 16)).toBe(true);
    const { backups } = JSON.parse(await runTool("./dsp", ["status", "--json"]));
    expect(backups.find(({ site }: Run) => site === "site-b").lastAt).toMatch(/^\d{4}-.*Z$/);
  }, 120_000);

  it("prints a bare token that the API takes", async () => {
    const lines = (await runTool("./dsp", ["token"])).trim().split("\n");
    const answer = await fetch(`${fhirUrl}/Patient?_count=1`, { headers: { authorization: `Bearer ${lines.at(-1)}` } });
    expect(answer.status).toBe(200);
  });
});
