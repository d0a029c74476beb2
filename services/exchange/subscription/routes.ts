import type { Hono } from "hono";
import type { Interaction } from "../../lib/audit-event.ts";
import type { Context } from "../../lib/context.ts";
import type { Transaction } from "../../lib/database/database.ts";
import { authenticate, type Call, checkId, decodeUtf8, type Env, isJsonBody, readBody, wantsJson } from "../../lib/http.ts";
import { checkedKey, fingerprint, type WriteRequest } from "../../lib/idempotency.ts";
import { fhirError, fhirJson } from "../../lib/operation-outcome.ts";
import { type Permission, reach } from "../../lib/scope.ts";
import type { Deps } from "../deps.ts";
import { actOn, createSubscription, ownerOf, representSubscription, updateSubscription } from "./manage-subscription.ts";
import { type Notified, notificationBundle, statusParameters } from "./notification.ts";
import { topics, topicUrl } from "./parse-subscription.ts";
import { openSecret } from "./seal-secret.ts";
import { listEvents, listSubscriptions, readSubscription, type Subscription } from "./store.ts";

const eventsMax = 100;
const lastNumber = "9223372036854775807";

/** FHIR Subscriptions as the R5 Backport guide has them for R4: each is its owner's alone. */
export function subscriptionRoutes(app: Hono<Env>, deps: Deps): void {
  app.post("/Subscription", async (call) => {
    const context = await admit(call, deps, "create", "c");
    const body = await fhirBody(call, deps);
    const { resourceId, replayed } = await createSubscription(context, deps, { body, ...writeRequest(call, body) });
    const subscription = await owned(context, deps, resourceId);
    const location = `${deps.settings.publicUrl}/fhir/Subscription/${resourceId}`;
    // The only time the secret is told; $rotate-secret gives a new one.
    const headers = {
      Location: location,
      ETag: 'W/"1"',
      "DSP-Webhook-Secret": openSecret(deps.secrets, subscription),
      ...(replayed ? { "DSP-Replayed": "true" } : {}),
    };
    return fhirResponse(representSubscription(deps, subscription), 201, headers);
  });
  app.get("/Subscription", async (call) => {
    const context = await admit(call, deps, "search-type", "s");
    const found = await reading(context, deps, undefined, (transaction) => listSubscriptions(transaction, ownerOf(context.principal)));
    const base = `${deps.settings.publicUrl}/fhir/Subscription`;
    const entry = found.map((each) => ({
      fullUrl: `${base}/${each.id}`,
      resource: representSubscription(deps, each),
      search: { mode: "match" },
    }));
    const bundle = { resourceType: "Bundle", type: "searchset", total: found.length, link: [{ relation: "self", url: base }] };
    return fhirResponse({ ...bundle, ...(entry.length > 0 ? { entry } : {}) });
  });
  app.get("/Subscription/:id", async (call) => {
    const context = await admit(call, deps, "read", "r");
    const subscription = await owned(context, deps, checked(call.req.param("id")));
    return fhirResponse(representSubscription(deps, subscription), 200, { ETag: `W/"${subscription.version}"` });
  });
  app.put("/Subscription/:id", async (call) => {
    const context = await admit(call, deps, "update", "u");
    const id = checked(call.req.param("id"));
    const body = await fhirBody(call, deps);
    const { version } = await updateSubscription(context, deps, { id, body, ...writeRequest(call, body) });
    return fhirResponse(representSubscription(deps, await owned(context, deps, id)), 200, { ETag: `W/"${version}"` });
  });
  app.delete("/Subscription/:id", async (call) => {
    const context = await admit(call, deps, "delete", "d");
    await actOn(context, deps, { id: checked(call.req.param("id")), act: "delete" });
    return new Response(null, { status: 204 });
  });
  operationRoutes(app, deps);
}

function operationRoutes(app: Hono<Env>, deps: Deps): void {
  app.get("/Subscription/:id/$status", async (call) => {
    const context = await admit(call, deps, "operation", "r");
    const subscription = await owned(context, deps, checked(call.req.param("id")));
    const resource = statusParameters(notified(deps, subscription), "query-status", [], bases(deps, subscription));
    const url = `${deps.settings.publicUrl}/fhir/Subscription/${subscription.id}/$status`;
    return fhirResponse({
      resourceType: "Bundle",
      type: "searchset",
      link: [{ relation: "self", url }],
      entry: [{ resource, search: { mode: "match" } }],
    });
  });
  app.get("/Subscription/:id/$events", async (call) => {
    const context = await admit(call, deps, "operation", "r");
    const id = checked(call.req.param("id"));
    const query = new URL(call.req.url).searchParams;
    const range = { from: number(query, "eventsSinceNumber", "1"), to: number(query, "eventsUntilNumber", lastNumber), count: eventsMax };
    const subscription = await owned(context, deps, id);
    const status = query.get("status") ?? undefined;
    const events = await reading(context, deps, id, (transaction) => listEvents(transaction, id, { ...range, status }));
    return fhirResponse(
      notificationBundle(crypto.randomUUID(), notified(deps, subscription), "query-event", events, bases(deps, subscription)),
    );
  });
  app.post("/Subscription/:id/$redrive", async (call) => {
    const context = await admit(call, deps, "operation", "u");
    const { redriven = 0 } = await actOn(context, deps, { id: checked(call.req.param("id")), act: "redrive" });
    return fhirResponse({ resourceType: "Parameters", parameter: [{ name: "redriven", valueInteger: redriven }] });
  });
  app.post("/Subscription/:id/$rotate-secret", async (call) => {
    const context = await admit(call, deps, "operation", "u");
    const { secret = "" } = await actOn(context, deps, { id: checked(call.req.param("id")), act: "rotate-secret" });
    return fhirResponse({ resourceType: "Parameters", parameter: [{ name: "secret", valueString: secret }] });
  });
}

/** What became of each event, dead letters among them, in plain JSON. */
export function letterRoutes(app: Hono<Env>, deps: Deps): void {
  app.get("/subscriptions/:id/events", async (call) => {
    const context = await admit(call, deps, "operation", "r");
    const id = checked(call.req.param("id"));
    const query = new URL(call.req.url).searchParams;
    const status = query.get("status") ?? undefined;
    if (status !== undefined && !["pending", "delivered", "dead"].includes(status)) {
      throw fhirError(400, "value", "status is pending, delivered or dead", { expression: "status" });
    }
    const { status: state, reason, events: last, failures } = await owned(context, deps, id);
    const range = { from: number(query, "from", "1"), to: lastNumber, status, count: eventsMax };
    const events = await reading(context, deps, id, (transaction) => listEvents(transaction, id, range));
    return call.json({ status: state, ...(reason === null ? {} : { reason }), failures, last, events });
  });
  app.get("/topics", (call) =>
    call.json({
      topics: Object.entries(topics).map(([name, { title }]) => ({
        url: topicUrl(deps.settings.publicUrl, name as keyof typeof topics),
        title,
      })),
    }),
  );
}

/** @throws FhirError 400 */
function number(query: URLSearchParams, name: string, otherwise: string): string {
  const text = query.get(name) ?? otherwise;
  if (!/^\d{1,19}$/.test(text) || BigInt(text) > BigInt(lastNumber))
    throw fhirError(400, "value", `${name} is a number`, { expression: name });
  return text;
}

function checked(id: string): string {
  checkId(id);
  return id;
}

/** Professionals and software subscribe. @throws FhirError 401, 403 */
async function admit(call: Call, deps: Deps, interaction: Interaction, permission: Permission): Promise<Context> {
  const context = await authenticate(call, deps, { interaction, resourceType: "Subscription" });
  wantsJson(call);
  const { role, scopes } = context.principal;
  if ((role === "practitioner" || role === "system") && reach(scopes, "Subscription", permission) === "all") return context;
  await deps.audit.refused(context, { interaction, resourceType: "Subscription", outcome: "8" });
  deps.metrics.refusedTokens.inc({ status: "403" });
  throw fhirError(403, "forbidden", "Subscriptions are for professionals and software whose scopes hold Subscription");
}

async function fhirBody(call: Call, deps: Deps): Promise<string> {
  if (!isJsonBody(call)) throw fhirError(415, "not-supported", "This server reads application/fhir+json in UTF-8 only");
  return decodeUtf8(await readBody(call, deps));
}

function writeRequest(call: Call, body: string): WriteRequest {
  const path = new URL(call.req.url).pathname;
  return { key: checkedKey(call.req.header("Idempotency-Key")), fingerprint: fingerprint([call.req.method, path, body]) };
}

/** Reads from the primary, audited. */
async function reading<T>(
  context: Context,
  deps: Deps,
  id: string | undefined,
  work: (transaction: Transaction) => Promise<T>,
): Promise<T> {
  const { value } = await deps.audit.read(context, { primaryOnly: true }, async (transaction) => {
    const value = await work(transaction);
    const fact = { interaction: id === undefined ? ("search-type" as const) : ("read" as const), resourceType: "Subscription" };
    const outcome = value === undefined ? ("8" as const) : ("0" as const);
    return { value, facts: [{ ...fact, outcome, ...(id === undefined ? {} : { resourceId: id }) }] };
  });
  return value;
}

/** @throws FhirError 404 for what is another's, as for what never was */
async function owned(context: Context, deps: Deps, id: string): Promise<Subscription> {
  const found = await reading(context, deps, id, (transaction) => readSubscription(transaction, id, ownerOf(context.principal)));
  if (!found) throw fhirError(404, "not-found", "There is no such resource");
  return found;
}

function notified(deps: Deps, { id, status, topic, payload, events, reason }: Subscription): Notified {
  return { id, status, topic: topicUrl(deps.settings.publicUrl, topic), payload, events, reason };
}

function bases(deps: Deps, { topic }: Subscription): { exchange: string; record: string; isOwn: boolean } {
  return { exchange: deps.settings.publicUrl, record: deps.limits.recordUrl, isOwn: topics[topic].about === "messages" };
}

function fhirResponse(resource: object, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(resource), { status, headers: { "Content-Type": fhirJson, ...headers } });
}
