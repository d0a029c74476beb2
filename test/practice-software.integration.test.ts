/** A software connects by itself: registration, sandbox, the example client against a platform behind one address, self-check, removal. */
import { generateKeyPairSync } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  findDocuments,
  isGenuine,
  obtainToken,
  type Platform,
  provideDocument,
  retrieveDocument,
  subscribe,
} from "../docs/examples/practice-software/practice-software.ts";
import { createApp as createExchange } from "../services/exchange/app.ts";
import { deliverOne } from "../services/exchange/delivery/deliver.ts";
import type { Peer } from "../services/exchange/deps.ts";
import { pollRecord } from "../services/exchange/feed/poll-record.ts";
import { seed } from "../services/exchange/seed.ts";
import { type TestPeople, testPeople } from "../services/exchange/testing/people.ts";
import { backgroundContext } from "../services/lib/context.ts";
import { createApp as createRecord } from "../services/record/app.ts";
import { type Both, startBoth } from "./exchange-with-record.ts";

let both: Both;
let people: TestPeople;
let edge: Server;
let origin: string;
/** What identity was told. */
const clients = new Map<string, { name: string; organization: string; jwks: JSONWebKeySet }>();
const registrations = new Map<string, string>();

/** As much of identity as a client meets: it registers once for a key, and gives tokens to who proves itself. */
const identity: Peer = {
  call: async (_context, { method, path, headers = {}, body }) => {
    if (method === "DELETE") {
      clients.delete(path.replace("/identity/clients/", ""));
      return { status: 204, headers: {}, body: Buffer.alloc(0) };
    }
    const given = JSON.parse(String(body)) as { name: string; organization: string; jwks: JSONWebKeySet };
    const answer = (status: number, value: object) => ({ status, headers: {}, body: Buffer.from(JSON.stringify(value)) });
    if (given.name.startsWith("Bad")) {
      return answer(422, {
        resourceType: "OperationOutcome",
        issue: [{ severity: "error", code: "value", details: { text: "The key has no kid" } }],
      });
    }
    const key = headers["Idempotency-Key"] ?? "";
    const id = registrations.get(key) ?? crypto.randomUUID();
    registrations.set(key, id);
    clients.set(id, given);
    return answer(201, { client_id: id });
  },
};

async function token(request: Request): Promise<Response> {
  const assertion = String((await request.formData()).get("client_assertion"));
  const claims = JSON.parse(Buffer.from(assertion.split(".")[1] ?? "", "base64url").toString()) as { sub: string };
  const client = clients.get(claims.sub);
  if (!client) return Response.json({ error: "invalid_client" }, { status: 401 });
  await jwtVerify(assertion, createLocalJWKSet(client.jwks), { audience: `${origin}/identity`, issuer: claims.sub });
  const access_token = await both.issuer.token({
    sub: claims.sub,
    client_id: claims.sub,
    organization: client.organization,
    name: client.name,
  });
  return Response.json({ access_token, expires_in: 300 });
}

beforeAll(async () => {
  both = await startBoth({ deps: { identity } });
  people = await testPeople(both.issuer);
  const [record, exchange] = [createRecord(both.record.deps), createExchange(both.exchange.deps)];
  edge = createServer(
    getRequestListener(async (request) => {
      const { pathname } = new URL(request.url);
      if (pathname === "/identity/token") return await token(request);
      return await (pathname.startsWith("/fhir") ? record : exchange).fetch(request);
    }),
  );
  await new Promise<void>((resolve) => edge.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(edge.address() as AddressInfo).port}`;
  both.exchange.deps.settings.publicUrl = `${origin}/exchange`;
}, 90_000);

afterAll(async () => {
  edge?.closeAllConnections();
  edge?.close();
  await both?.stop();
});

interface Vendor {
  id: string;
  client_id: string;
  status: string;
  sandbox: { organization: string; patients: string[] };
}
interface Report {
  passed: boolean;
  steps: { step: string; state: string; words: string }[];
}

const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
const publicKey = { ...pair.publicKey.export({ format: "jwk" }), kid: "test-key", alg: "ES256" };
const registration = (more: object = {}) => ({
  ...{ name: "Test-Software", kind: "backend", contact: { name: "Test-Vendor", email: "test@example.org" }, jwks: { keys: [publicKey] } },
  ...more,
});

function register(body: object, headers: Record<string, string> = {}, who = people.hoffmann): Promise<Response> {
  return both.exchange.call("POST", "/exchange/vendors", { token: who, body, headers });
}

async function check(vendor: Vendor, who: string, method = "GET"): Promise<Report> {
  const response = await both.exchange.call(method, `/exchange/vendors/${vendor.id}/self-check?language=en`, { token: who });
  expect(response.status, await response.clone().text()).toBe(200);
  return (await response.json()) as Report;
}

const states = ({ steps }: Report): string[] => steps.map(({ step, state }) => `${step} ${state}`);

describe("a software that connects", () => {
  let vendor: Vendor;
  let platform: Platform;

  it("is registered once for its key, with a sandbox of its own", async () => {
    const headers = { "Idempotency-Key": "test-registration" };
    const response = await register(registration(), headers);
    expect(response.status, await response.clone().text()).toBe(201);
    vendor = (await response.json()) as Vendor;
    const again = (await (await register(registration(), headers)).json()) as Vendor;
    expect([vendor.status, again.id, again.client_id, clients.size]).toEqual(["ready", vendor.id, vendor.client_id, 1]);
    expect(vendor.sandbox.patients.length).toBe(3);
    platform = { origin, clientId: vendor.client_id, key: { ...pair.privateKey.export({ format: "jwk" }), kid: "test-key" } };
  });

  it("goes through with the example client, and the self-check follows each step", async () => {
    const [patient = "", , closed = ""] = vendor.sandbox.patients;
    expect(states(await check(vendor, people.hoffmann))).toEqual(
      ["token", "search", "provide", "retrieve", "errors"].map((step) => `${step} missing`),
    );
    const own = await obtainToken(platform);
    expect(states(await check(vendor, own))[0]).toBe("token done");
    const { id: subscription, secret } = await subscribe(platform, own, patient, both.receiver.url);
    const context = () => backgroundContext(both.exchange.deps.log, "test", 20_000);
    await pollRecord(context(), both.exchange.deps, 0);
    await deliverOne(context(), both.exchange.deps);
    const reference = await provideDocument(platform, own, patient, "SYNTHETIC TEST DOCUMENT\n");
    const [found] = await findDocuments(platform, own, patient);
    expect(`DocumentReference/${found?.id}`).toBe(reference);
    expect(await retrieveDocument(platform, own, found?.url ?? "")).toBe("SYNTHETIC TEST DOCUMENT\n");
    const before = await check(vendor, own);
    expect([before.passed, states(before)]).toEqual([
      false,
      ["token done", "search done", "provide done", "retrieve done", "errors missing"],
    ]);
    expect(before.steps[4]?.words).toContain(closed);
    const refused = await fetch(`${origin}/fhir/${closed}`, { headers: { Authorization: `Bearer ${own}` } });
    expect(refused.status).toBe(404);
    expect((await check(vendor, own)).passed).toBe(true);

    while ((await pollRecord(context(), both.exchange.deps, 0)).more);
    while ((await deliverOne(context(), both.exchange.deps)) !== "none");
    const last = both.receiver.received.at(-1);
    expect(last?.body).toContain(reference);
    expect(isGenuine(secret, last?.body ?? "", last?.headers["dsp-signature"] ?? "")).toBe(true);
    expect(isGenuine(secret, `${last?.body} `, last?.headers["dsp-signature"] ?? "")).toBe(false);
    const read = await both.exchange.call("GET", `/exchange/fhir/Subscription/${subscription}`, { token: own });
    expect(((await read.json()) as { status: string }).status).toBe("active");
    expect((await check(vendor, own, "POST")).passed).toBe(false);
  });

  it("sees nothing of anybody but its synthetic patients", async () => {
    const own = await obtainToken(platform);
    const response = await both.record.call("POST", "/fhir/Patient", {
      body: { resourceType: "Patient", name: [{ family: "Test-Other" }] },
    });
    const { id } = (await response.json()) as { id: string };
    expect((await fetch(`${origin}/fhir/Patient/${id}`, { headers: { Authorization: `Bearer ${own}` } })).status).toBe(404);
    const all = await fetch(`${origin}/fhir/Patient?_count=200`, { headers: { Authorization: `Bearer ${own}` } });
    const { entry } = (await all.json()) as { entry: { resource: { id: string } }[] };
    expect(entry.map(({ resource }) => `Patient/${resource.id}`).sort()).toEqual(vendor.sandbox.patients.slice(0, 2).sort());
  });

  it("writes nothing about anybody else, and to nobody", async () => {
    const own = await obtainToken(platform);
    const response = await both.record.call("POST", "/fhir/Patient", {
      body: { resourceType: "Patient", name: [{ family: "Test-Real" }] },
    });
    const { id } = (await response.json()) as { id: string };
    await expect(provideDocument(platform, own, `Patient/${id}`, "SYNTHETIC\n")).rejects.toThrow(/403: .*synthetic patients/);
    const headers = { Authorization: `Bearer ${own}`, "Content-Type": "application/fhir+json" };
    const patient = JSON.stringify({ resourceType: "Patient", name: [{ family: "Test-Made" }] });
    expect((await fetch(`${origin}/fhir/Patient`, { method: "POST", headers, body: patient })).status).toBe(403);
    await both.record.call("PUT", "/fhir/Practitioner/test-directory", { body: { resourceType: "Practitioner", id: "test-directory" } });
    expect((await fetch(`${origin}/fhir/Practitioner/test-directory`, { method: "DELETE", headers })).status).toBe(403);
    const message = { to: ["Practitioner/demo-lentz"], subject: "Test", text: "Synthetic" };
    expect((await both.exchange.call("POST", "/exchange/messages", { token: own, body: message })).status).toBe(403);
    const itself = { ...message, to: [vendor.sandbox.organization] };
    expect((await both.exchange.call("POST", "/exchange/messages", { token: own, body: itself })).status).toBe(201);
  });

  it("is its maker's and the operators' business, and goes with all it wrote", async () => {
    expect((await both.exchange.call("GET", `/exchange/vendors/${vendor.id}`, { token: people.lentz })).status).toBe(404);
    expect((await both.exchange.call("GET", `/exchange/vendors/${vendor.id}`, { token: people.operator })).status).toBe(200);
    expect((await both.exchange.call("DELETE", `/exchange/vendors/${vendor.id}`, { token: people.lentz })).status).toBe(404);
    const removed = await both.exchange.call("DELETE", `/exchange/vendors/${vendor.id}`, { token: people.hoffmann });
    expect(removed.status, await removed.text()).toBe(204);
    for (const patient of vendor.sandbox.patients) {
      expect((await both.record.call("GET", `/fhir/${patient}`)).status).toBe(410);
      const left = await both.record.call("GET", `/fhir/DocumentReference?patient=${patient}&_total=accurate`);
      expect(((await left.json()) as { total: number }).total).toBe(0);
    }
    const shown = await both.exchange.call("GET", `/exchange/vendors/${vendor.id}`, { token: people.hoffmann });
    expect(((await shown.json()) as Vendor).status).toBe("removed");
  });

  it.each([
    ["a private key", registration({ jwks: { keys: [pair.privateKey.export({ format: "jwk" })] } }), 422, /private key/],
    ["no key", registration({ jwks: undefined }), 400, /proves itself by a key/],
    ["what identity refuses", registration({ name: "Bad" }), 422, /no kid/],
    ["fields that are none", registration({ colour: "red" }), 400, /colour/],
  ])("with %s is refused in words", async (_title, body, status, words) => {
    const response = await register(body);
    const { issue } = (await response.json()) as { issue: { details: { text: string } }[] };
    expect([response.status, issue[0]?.details.text]).toEqual([status, expect.stringMatching(words)]);
  });

  it("is not registered by a patient, and not without end", async () => {
    expect((await register(registration(), {}, people.marie)).status).toBe(403);
    const statuses: number[] = [];
    for (let n = 0; n < 6; n++) statuses.push((await register(registration({ name: `Test ${n}` }), {}, people.lentz)).status);
    expect(statuses).toEqual([201, 201, 201, 201, 201, 422]);
  });
});

describe("the seed", () => {
  it("writes a conversation, a referral and a message to a practice, and nothing twice", async () => {
    expect(await seed(both.exchange.deps)).toEqual({ written: 4, present: 0 });
    expect(await seed(both.exchange.deps)).toEqual({ written: 0, present: 4 });
    const threads = await both.exchange.call("GET", "/exchange/threads", { token: people.lentz });
    const { items } = (await threads.json()) as { items: { messages: number }[] };
    expect(items.map(({ messages }) => messages)).toEqual([1, 2]);
  });
});
