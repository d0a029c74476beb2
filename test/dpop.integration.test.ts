/** Tokens bound to a key: identity issues them, a public OIDC client library uses them, the record checks the proofs at each of its pods. */
import { calculateJwkThumbprint, decodeJwt, exportJWK } from "jose";
import * as client from "openid-client";
import { afterAll, beforeAll, expect, it } from "vitest";
import { TestPlatform } from "../services/identity/testing/platform.ts";
import { TestRedis } from "../services/lib/testing/redis.ts";
import type { TestIssuer } from "../services/lib/testing/tokens.ts";
import { createApp } from "../services/record/app.ts";
import { startTestRecord, type TestRecord } from "../services/record/testing/record.ts";

const origin = "https://dsp.test";
let redis: TestRedis;
let platform: TestPlatform;
let pods: TestRecord[];
let software: client.Configuration;
let handle: client.DPoPHandle;
let keys: client.CryptoKeyPair;
let token: string;
/** What went to the record last. */
let sent: { url: string; init: RequestInit };

beforeAll(async () => {
  redis = await TestRedis.start();
  platform = await TestPlatform.start({ standbys: 0 });
  const { postgres, files } = platform;
  const issuer = { issuer: `${origin}/identity`, audience: "dsp", jwksFile: files.path("jwks.json"), token: async () => "none" };
  pods = [];
  for (let n = 0; n < 2; n++) pods.push(await startTestRecord({ postgres, redis, issuer: issuer as unknown as TestIssuer }));

  software = await platform.exchange();
  keys = await client.randomDPoPKeyPair("ES256", { extractable: true });
  handle = client.getDPoPHandle(software, keys);
  const granted = await client.clientCredentialsGrant(software, { scope: "system/*.cruds" }, { DPoP: handle });
  token = granted.access_token;
  expect(granted.token_type).toBe("dpop");
}, 180_000);

afterAll(async () => {
  for (const pod of pods ?? []) pod.stop();
  await platform?.stop();
  await redis?.stop();
});

async function toRecord(pod: number, url: string, init: RequestInit): Promise<Response> {
  const record = pods[pod];
  if (!record) throw new Error("no such pod");
  const { pathname, search } = new URL(url);
  return await createApp(record.deps).request(`http://record${pathname}${search}`, init);
}

/** As the library does it: proofs made, challenges read. */
async function call(method: string, path: string, body?: object, headers: Record<string, string> = {}): Promise<Response> {
  const plain = software[client.customFetch];
  software[client.customFetch] = (async (url: string, init: RequestInit) => {
    sent = { url, init };
    return await toRecord(0, url, init);
  }) as client.CustomFetch;
  try {
    const all = new Headers({ "Content-Type": "application/fhir+json", "Idempotency-Key": crypto.randomUUID(), ...headers });
    const text = body === undefined ? undefined : JSON.stringify(body);
    return await client.fetchProtectedResource(software, token, new URL(`${origin}${path}`), method, text, all, { DPoP: handle });
  } finally {
    if (plain) software[client.customFetch] = plain;
  }
}

const patient = { resourceType: "Patient", name: [{ family: "Test-Bound" }] };

it("the record takes a token of identity's with the library's proofs", async () => {
  expect(decodeJwt<{ cnf: { jkt: string } }>(token).cnf.jkt).toBe(await calculateJwkThumbprint(await exportJWK(keys.publicKey)));
  const made = await call("POST", "/fhir/Patient", patient);
  expect(made.status, await made.clone().text()).toBe(201);
  const { id } = (await made.json()) as { id: string };
  expect((await call("GET", `/fhir/Patient/${id}?_summary=true`)).status).toBe(200);
});

it("a batch needs one proof, whatever it holds", async () => {
  const entry = [1, 2, 3].map(() => ({ resource: patient, request: { method: "POST", url: "Patient" } }));
  const answer = await call("POST", "/fhir", { resourceType: "Bundle", type: "batch", entry });
  expect(answer.status, await answer.clone().text()).toBe(200);
  const { entry: answers } = (await answer.json()) as { entry: { response: { status: string } }[] };
  expect(answers.map(({ response }) => response.status)).toEqual(["201", "201", "201"]);
});

it("a proof is good once over all pods, but for the edge's repetition of the same request", async () => {
  const headers = { "X-Request-Id": "request-1" };
  expect((await call("GET", "/fhir/Patient?_count=1", undefined, headers)).status).toBe(200);
  expect((await toRecord(1, sent.url, sent.init)).status).toBe(200);
  const others = new Headers(sent.init.headers);
  others.set("X-Request-Id", "request-2");
  for (const pod of [0, 1]) {
    const replayed = await toRecord(pod, sent.url, { ...sent.init, headers: others });
    expect(replayed.status).toBe(401);
    expect(replayed.headers.get("WWW-Authenticate")).toMatch(
      /^DPoP error="invalid_dpop_proof", error_description="[^"]*jti[^"]*", algs="ES256"$/,
    );
    expect(await replayed.json()).toMatchObject({ resourceType: "OperationOutcome", issue: [{ code: "login" }] });
  }
  const refused = await platform.query<{ n: number }>(
    "SELECT count(*)::int AS n FROM record.audit_event WHERE outcome = '8' AND request_id = 'request-2'",
  );
  expect(refused).toEqual([{ n: 2 }]);
});

it("a stolen token is of no use: neither as a bearer's nor with another key's proof", async () => {
  const stolen = await toRecord(0, `${origin}/fhir/Patient`, { headers: { Authorization: `Bearer ${token}` } });
  expect([stolen.status, stolen.headers.get("WWW-Authenticate")?.slice(0, 7)]).toEqual([401, "Bearer "]);
  const own = handle;
  handle = client.getDPoPHandle(software, await client.randomDPoPKeyPair("ES256"));
  try {
    await expect(call("GET", "/fhir/Patient")).rejects.toThrow(/challenge/i);
  } finally {
    handle = own;
  }
});

it("without Redis requests go on", async () => {
  redis.freeze();
  try {
    for (let n = 0; n < 2; n++) expect((await call("GET", "/fhir/Patient?_count=1")).status).toBe(200);
  } finally {
    redis.thaw();
  }
});
