/**
 * A practice software in one file, as small as it can be: it proves itself by a key, deposits a document, reads it back, and subscribes to
 * the patient's documents. Nothing but Node is needed:
 *
 *   node practice-software.ts https://dsp.example client-id key.jwk Patient/sandbox-1a2b3c4d-anna [https://receiver.example/hook]
 *
 * `key.jwk` is the private key whose public part was registered (EC P-256).
 */
import { createHmac, createPrivateKey, sign, timingSafeEqual, type webcrypto } from "node:crypto";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

export interface Platform {
  /** `https://dsp.example`; the services stand under it. */
  origin: string;
  clientId: string;
  /** A private JSON Web Key. */
  key: webcrypto.JsonWebKey & { kid?: string };
}

const attemptsMax = 5;
/** What is worth sending again, with the same Idempotency-Key; every other refusal is final. */
const passing = new Set([429, 502, 503, 504]);

function base64url(value: object | Buffer): string {
  return (Buffer.isBuffer(value) ? value : Buffer.from(JSON.stringify(value))).toString("base64url");
}

/** RFC 7523: who we are, signed, good for a minute and for one use. */
function assertion({ origin, clientId, key }: Platform): string {
  const now = Math.floor(Date.now() / 1000);
  const head = { alg: "ES256", typ: "JWT", ...(key.kid === undefined ? {} : { kid: key.kid }) };
  const claims = { iss: clientId, sub: clientId, aud: `${origin}/identity`, jti: crypto.randomUUID(), iat: now, exp: now + 60 };
  const text = `${base64url(head)}.${base64url(claims)}`;
  const privateKey = createPrivateKey({ key, format: "jwk" });
  return `${text}.${base64url(sign("sha256", Buffer.from(text), { key: privateKey, dsaEncoding: "ieee-p1363" }))}`;
}

/** Sends again what may pass, as long as the server says how long to wait. */
async function send(url: string, request: { method: string; headers: Record<string, string>; body?: string }): Promise<Response> {
  for (let attempt = 1; ; attempt++) {
    const response = await fetch(url, request);
    if (!passing.has(response.status) || attempt === attemptsMax) return response;
    await sleep(1000 * Number(response.headers.get("Retry-After") ?? 1));
  }
}

/** The answer as JSON. @throws Error with the OperationOutcome's words */
async function answered<T>(response: Response): Promise<T> {
  const text = await response.text();
  if (response.ok) return (text === "" ? {} : JSON.parse(text)) as T;
  const issues = (JSON.parse(text) as { issue?: { details?: { text?: string } }[] }).issue ?? [];
  throw new Error(`${response.status}: ${issues.map(({ details }) => details?.text ?? "").join("; ") || text}`);
}

/** SMART Backend Services: a token by private_key_jwt. */
export async function obtainToken(platform: Platform, scope = "system/*.cruds"): Promise<string> {
  const form = new URLSearchParams({
    grant_type: "client_credentials",
    scope,
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    client_assertion: assertion(platform),
  });
  const headers = { "Content-Type": "application/x-www-form-urlencoded" };
  const response = await send(`${platform.origin}/identity/token`, { method: "POST", headers, body: form.toString() });
  return (await answered<{ access_token: string }>(response)).access_token;
}

/** Every write carries a key: sent again with it, it is done once. */
function fhirHeaders(token: string): Record<string, string> {
  return {
    Authorization: `Bearer ${token}`,
    "Content-Type": "application/fhir+json",
    Accept: "application/fhir+json",
    "Idempotency-Key": crypto.randomUUID(),
  };
}

/** IHE MHD Provide Document Bundle (ITI-65): the document, its description and the submission, all or nothing. Returns the DocumentReference. */
export async function provideDocument(platform: Platform, token: string, patient: string, text: string): Promise<string> {
  const mhd = "https://profiles.ihe.net/ITI/MHD";
  const [document, binary] = [`urn:uuid:${crypto.randomUUID()}`, `urn:uuid:${crypto.randomUUID()}`];
  const entry = (fullUrl: string, resource: { resourceType: string; [element: string]: unknown }) => ({
    ...{ fullUrl, resource, request: { method: "POST", url: resource.resourceType } },
  });
  const subject = { reference: patient };
  const letter = { coding: [{ system: "http://loinc.org", code: "34133-9", display: "Summary of episode note" }] };
  const bundle = {
    resourceType: "Bundle",
    meta: { profile: [`${mhd}/StructureDefinition/IHE.MHD.Minimal.ProvideBundle`] },
    type: "transaction",
    entry: [
      entry(`urn:uuid:${crypto.randomUUID()}`, {
        ...{ resourceType: "List", status: "current", mode: "working", subject, date: new Date().toISOString() },
        extension: [
          { url: `${mhd}/StructureDefinition/ihe-sourceId`, valueIdentifier: { system: "urn:ietf:rfc:3986", value: "urn:oid:1.2.3.4" } },
        ],
        identifier: [{ use: "official", system: "urn:ietf:rfc:3986", value: `urn:uuid:${crypto.randomUUID()}` }],
        code: { coding: [{ system: `${mhd}/CodeSystem/MHDlistTypes`, code: "submissionset" }] },
        entry: [{ item: { reference: document } }],
      }),
      entry(document, {
        ...{ resourceType: "DocumentReference", status: "current", type: letter, subject, date: new Date().toISOString() },
        content: [{ attachment: { contentType: "text/plain", url: binary, size: Buffer.byteLength(text), title: "Test letter" } }],
      }),
      entry(binary, { resourceType: "Binary", contentType: "text/plain", data: Buffer.from(text).toString("base64") }),
    ],
  };
  const response = await send(`${platform.origin}/fhir`, { method: "POST", headers: fhirHeaders(token), body: JSON.stringify(bundle) });
  const { entry: done } = await answered<{ entry: { response: { location?: string } }[] }>(response);
  const reference = /DocumentReference\/[^/]+/.exec(done[1]?.response.location ?? "")?.[0];
  if (reference === undefined) throw new Error("the answer names no DocumentReference");
  return reference;
}

/** Find Document References (ITI-67), newest first. */
export async function findDocuments(platform: Platform, token: string, patient: string): Promise<{ id: string; url: string }[]> {
  const query = new URLSearchParams({ patient, status: "current", _sort: "-date" });
  const response = await send(`${platform.origin}/fhir/DocumentReference?${query}`, { method: "GET", headers: fhirHeaders(token) });
  const { entry = [] } = await answered<{
    entry?: { resource: { resourceType: string; id: string; content: { attachment: { url: string } }[] } }[];
  }>(response);
  const documents = entry.map(({ resource }) => resource).filter(({ resourceType }) => resourceType === "DocumentReference");
  return documents.map(({ id, content }) => ({ id, url: content[0]?.attachment.url ?? "" }));
}

/** Retrieve Document (ITI-68). The address may be relative to the record's own. */
export async function retrieveDocument(platform: Platform, token: string, url: string): Promise<string> {
  const at = new URL(url, `${platform.origin}/fhir/`);
  const headers = { Authorization: `Bearer ${token}`, Accept: "*/*" };
  const response = await send(`${platform.origin}${at.pathname}`, { method: "GET", headers });
  if (!response.ok) await answered(response);
  return await response.text();
}

/** Subscribes to a patient's documents. The secret, by which notifications are signed, is told only now. */
export async function subscribe(
  platform: Platform,
  token: string,
  patient: string,
  endpoint: string,
): Promise<{ id: string; secret: string }> {
  const backport = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition";
  const subscription = {
    ...{ resourceType: "Subscription", status: "requested", reason: "New documents" },
    meta: { profile: [`${backport}/backport-subscription`] },
    criteria: `${platform.origin}/exchange/fhir/SubscriptionTopic/document`,
    _criteria: { extension: [{ url: `${backport}/backport-filter-criteria`, valueString: `DocumentReference?patient=${patient}` }] },
    channel: {
      ...{ type: "rest-hook", endpoint, payload: "application/fhir+json" },
      _payload: { extension: [{ url: `${backport}/backport-payload-content`, valueCode: "id-only" }] },
    },
  };
  const request = { method: "POST", headers: fhirHeaders(token), body: JSON.stringify(subscription) };
  const response = await send(`${platform.origin}/exchange/fhir/Subscription`, request);
  const secret = response.headers.get("DSP-Webhook-Secret") ?? "";
  return { id: (await answered<{ id: string }>(response)).id, secret };
}

/** What a receiver does first: believe only what is signed with the secret and not older than five minutes. */
export function isGenuine(secret: string, body: string, signature: string): boolean {
  const [, time = "", mac = ""] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(signature) ?? [];
  if (mac === "" || Math.abs(Date.now() / 1000 - Number(time)) > 300) return false;
  const expected = createHmac("sha256", secret).update(`${time}.${body}`).digest();
  return timingSafeEqual(expected, Buffer.from(mac, "hex"));
}

if (import.meta.main) {
  const [origin = "", clientId = "", keyFile = "", patient = "", endpoint] = process.argv.slice(2);
  if (patient === "") throw new Error("usage: practice-software.ts <origin> <client-id> <key.jwk> <Patient/id> [<receiver>]");
  const platform: Platform = { origin, clientId, key: JSON.parse(readFileSync(keyFile, "utf8")) as Platform["key"] };
  const token = await obtainToken(platform);
  console.log("deposited", await provideDocument(platform, token, patient, "SYNTHETIC TEST DOCUMENT\n"));
  const [newest] = await findDocuments(platform, token, patient);
  console.log("read back", newest && (await retrieveDocument(platform, token, newest.url)));
  if (endpoint) console.log("subscribed", (await subscribe(platform, token, patient, endpoint)).id);
}
