import type { Hono } from "hono";
import type { Interaction } from "../../lib/audit-event.ts";
import type { Context } from "../../lib/context.ts";
import { parseExactly, parseResource } from "../../lib/fhir/exact-json.ts";
import { encodeCursor, parseSearch } from "../../lib/fhir/parse-search.ts";
import type { AnyResource } from "../../lib/fhir/validate.ts";
import { etag, ifMatchVersion } from "../../lib/fhir/version.ts";
import {
  authenticate,
  type Call,
  checkId,
  decodeUtf8,
  type Env,
  isJsonBody,
  preference,
  primaryOnly,
  readBody,
  wantsJson,
} from "../../lib/http.ts";
import { checkedKey, fingerprint, type WriteRequest, type WriteResult } from "../../lib/idempotency.ts";
import { fhirError, fhirJson, issue } from "../../lib/operation-outcome.ts";
import type { Permission } from "../../lib/scope.ts";
import { isMessageType, type MessageType } from "../catalogue.ts";
import type { Deps } from "../deps.ts";
import { admitParty, type Party } from "../party.ts";
import { moveReferral } from "../referral/move-referral.ts";
import { keepBinary, readBinary } from "./keep-binary.ts";
import { openMessage } from "./open-message.ts";
import { prepareMessage } from "./prepare-message.ts";
import { sendMessages } from "./send-message.ts";
import { searchResources } from "./store.ts";

/** Communication, ServiceRequest, Task and Binary as FHIR R4: created, read and found by who sends or receives them, and nobody else. */
export function resourceRoutes(app: Hono<Env>, deps: Deps): void {
  app.post("/Binary", async (call) => {
    const { context, party } = await admit(call, deps, "Binary", "create", "c");
    return await keepBinary(call, context, deps, party);
  });
  app.get("/Binary/:id", async (call) => {
    const { context, party } = await admit(call, deps, "Binary", "read", "r");
    return await readBinary(call, context, deps, { party, id: checked(call.req.param("id")) });
  });
  for (const type of deps.catalogue.types.keys()) if (isMessageType(type)) typeRoutes(app, deps, type);
  for (const path of ["/:type", "/:type/:id"]) {
    app.all(path, () => {
      throw fhirError(404, "not-supported", "This address is not known here; see /exchange/fhir/metadata");
    });
  }
}

function typeRoutes(app: Hono<Env>, deps: Deps, type: MessageType): void {
  app.post(`/${type}`, async (call) => {
    const { context, party } = await admit(call, deps, type, "create", "c");
    const body = await fhirBody(call, deps);
    const message = prepareMessage(deps, party, type, body);
    const written = await sendMessages(context, deps, { party, messages: [message], ...writeRequest(call, body) });
    return await writtenResponse(call, context, deps, party, written);
  });
  app.get(`/${type}`, async (call) => {
    const { context, party } = await admit(call, deps, type, "search-type", "s");
    wantsJson(call);
    return await search(call, context, deps, { type, party });
  });
  app.get(`/${type}/:id`, async (call) => {
    const { context, party } = await admit(call, deps, type, "read", "r");
    wantsJson(call);
    const { content, version } = await openMessage(context, deps, { party, type, id: checked(call.req.param("id")) });
    return new Response(content, { headers: { "Content-Type": fhirJson, ETag: etag(version) } });
  });
  app.get(`/${type}/:id/_history/:version`, async (call) => {
    const { context, party } = await admit(call, deps, type, "vread", "r");
    const version = call.req.param("version");
    if (!/^[1-9]\d{0,8}$/.test(version)) throw fhirError(404, "not-found", "There is no such version");
    const { content } = await openMessage(context, deps, { party, type, id: checked(call.req.param("id")), version: Number(version) });
    return new Response(content, { headers: { "Content-Type": fhirJson, ETag: etag(Number(version)) } });
  });
  if (type !== "Task") {
    app.put(`/${type}/:id`, () => {
      throw fhirError(405, "not-supported", `What was sent stays as it is: send another ${type}`, { headers: { Allow: "GET" } });
    });
    return;
  }
  app.put("/Task/:id", async (call) => {
    const { context, party } = await admit(call, deps, type, "update", "u");
    const id = checked(call.req.param("id"));
    const body = await fhirBody(call, deps);
    const { plain } = parseResource(body);
    if (plain.resourceType !== type || plain.id !== id)
      throw fhirError(400, "invalid", "The body is not this Task", { expression: "Task.id" });
    const wanted = parseExactly(body) as AnyResource;
    const written = await moveReferral(context, deps, {
      party,
      id,
      ifMatch: ifMatchVersion(call.req.header("If-Match")),
      change: () => wanted,
      ...writeRequest(call, body),
    });
    return await writtenResponse(call, context, deps, party, written);
  });
}

/** Authentication, and whether the caller takes part at all. @throws FhirError 401, 403 */
async function admit(
  call: Call,
  deps: Deps,
  resourceType: string,
  interaction: Interaction,
  permission: Permission,
): Promise<{ context: Context; party: Party }> {
  const context = await authenticate(call, deps, { interaction, resourceType });
  // Attachments are part of messages.
  const scoped = resourceType === "Binary" ? "Communication" : resourceType;
  return { context, party: await admitParty(context, deps, { interaction, resourceType: scoped, permission }) };
}

function checked(id: string): string {
  checkId(id);
  return id;
}

/** @throws FhirError 400, 413, 415 */
async function fhirBody(call: Call, deps: Deps): Promise<string> {
  if (!isJsonBody(call)) throw fhirError(415, "not-supported", "This server reads application/fhir+json in UTF-8 only");
  return decodeUtf8(await readBody(call, deps));
}

function writeRequest(call: Call, body: string): WriteRequest {
  const parts = [call.req.method, new URL(call.req.url).pathname, call.req.header("If-Match") ?? "", body];
  return { key: checkedKey(call.req.header("Idempotency-Key")), fingerprint: fingerprint(parts) };
}

async function writtenResponse(
  call: Call,
  context: Context,
  deps: Deps,
  party: Party,
  { status, resourceType, resourceId, version, replayed }: WriteResult & { replayed: boolean },
): Promise<Response> {
  const location = `${deps.settings.publicUrl}/fhir/${resourceType}/${resourceId}/_history/${version}`;
  const headers = { Location: location, ETag: etag(version), ...(replayed ? { "DSP-Replayed": "true" } : {}) };
  if (preference(call, "return") === "minimal") return new Response(null, { status, headers });
  const { content } = await openMessage(context, deps, { party, type: resourceType, id: resourceId, version });
  return new Response(content, { status, headers: { ...headers, "Content-Type": fhirJson } });
}

async function search(call: Call, context: Context, deps: Deps, { type, party }: { type: MessageType; party: Party }): Promise<Response> {
  const base = `${deps.settings.publicUrl}/fhir`;
  const strict = preference(call, "handling") === "strict";
  const request = parseSearch([...new URL(call.req.url).searchParams], type, deps.catalogue.types, { strict, ownUrl: base });
  if (request.inclusions.length > 0) throw fhirError(400, "not-supported", "_include and _revinclude are not supported here");
  const { value: page, servedBy } = await deps.audit.read(context, { primaryOnly: primaryOnly(call) }, async (transaction) => {
    const value = await searchResources(transaction, type, request, party.actors);
    const patients = [...new Set(value.matches.flatMap(({ patientId }) => patientId ?? []))];
    const fact = { interaction: "search-type" as const, outcome: "0" as const, resourceType: type };
    return { value, facts: patients.length > 0 ? patients.map((patientId) => ({ ...fact, patientId })) : [fact] };
  });
  const link = (more: [string, string][]): string => `${base}/${type}?${new URLSearchParams([...request.used, ...more])}`;
  const next = page.next === undefined ? [] : [{ relation: "next", url: link([["_cursor", encodeCursor({ key: page.next })]]) }];
  const entries = page.matches.map(
    ({ id, content }) => `{"fullUrl":${JSON.stringify(`${base}/${type}/${id}`)},"resource":${content},"search":{"mode":"match"}}`,
  );
  const warnings = [
    ...request.warnings,
    ...(request.sort.by === "none" ? [] : [issue("warning", "not-supported", "The newest come first; _sort is ignored")]),
  ];
  if (warnings.length > 0)
    entries.push(JSON.stringify({ resource: { resourceType: "OperationOutcome", issue: warnings }, search: { mode: "outcome" } }));
  const total = page.total === undefined ? {} : { total: page.total };
  const head = JSON.stringify({
    resourceType: "Bundle",
    id: crypto.randomUUID(),
    type: "searchset",
    ...total,
    link: [{ relation: "self", url: link([]) }, ...next],
  });
  const text = entries.length > 0 ? `${head.slice(0, -1)},"entry":[${entries.join(",")}]}` : head;
  return new Response(text, { headers: { "Content-Type": fhirJson, "DSP-Served-By": servedBy } });
}
