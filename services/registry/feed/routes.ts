import type { Hono } from "hono";
import type { Env } from "../../lib/http.ts";
import { exactlyOnce } from "../../lib/idempotency.ts";
import { fhirError } from "../../lib/operation-outcome.ts";
import { factsAbout } from "../access.ts";
import type { Deps } from "../deps.ts";
import { admit, writeRequest } from "../request.ts";
import { countMessages, feedStates, type ListedMessage, listMessages, reviveMessage } from "./store.ts";

const countMax = 200;

/** What the record was told and what not, for operators. */
export function feedRoutes(app: Hono<Env>, deps: Deps): void {
  app.get("/outbox", async (call) => {
    const { context } = await admit(call, deps, { type: "Patient", action: "administer", interaction: "search-type" });
    const query = new URL(call.req.url).searchParams;
    const state = feedStates.find((each) => each === (query.get("state") ?? "dead"));
    const [after, count] = [query.get("after") ?? "0", query.get("count") ?? "50"];
    if (!state) throw fhirError(400, "value", `state is one of ${feedStates.join(", ")}`, { expression: "state" });
    if (!/^\d{1,18}$/.test(after) || !/^[1-9]\d{0,5}$/.test(count)) throw fhirError(400, "value", "after and count are numbers");
    const page = { state, after, count: Math.min(Number(count), countMax) };
    const { value } = await deps.audit.read(context, { primaryOnly: true }, async (transaction) => {
      const messages = await listMessages(transaction, page);
      const patients = messages.filter(({ type }) => type === "Patient").map(({ resource_id: id, version }) => ({ id, version }));
      const facts = factsAbout({ interaction: "search-type", outcome: "0" }, "Patient", patients);
      return { value: { messages, counts: await countMessages(transaction) }, facts };
    });
    const last = value.messages.length === page.count ? value.messages.at(-1) : undefined;
    const next = last && `${deps.settings.publicUrl}/outbox?state=${state}&count=${page.count}&after=${last.id}`;
    return Response.json({ counts: value.counts, messages: value.messages.map(describe), ...(next ? { next } : {}) });
  });
  app.post("/outbox/:id/retry", async (call) => {
    const { context } = await admit(call, deps, { type: "Patient", action: "administer", interaction: "operation" });
    const id = call.req.param("id");
    if (!/^\d{1,18}$/.test(id)) throw fhirError(404, "not-found", "There is no such message");
    await exactlyOnce(context, deps, writeRequest(call, ""), async (transaction) => {
      if (!(await reviveMessage(transaction, id))) {
        throw fhirError(409, "conflict", "The message is not dead, or a later version of its resource has followed: that one counts");
      }
      deps.audit.record(context, transaction, [{ interaction: "operation", outcome: "0", resourceType: "OutboxMessage", resourceId: id }]);
      return { status: 204, resourceType: "OutboxMessage", resourceId: id, version: 1 };
    });
    return new Response(null, { status: 204 });
  });
}

function describe(message: ListedMessage): object {
  const { id, type, resource_id, version, state, attempts, created_at, sent_at, next_at, problem } = message;
  return {
    ...{ id, resource: `${type}/${resource_id}`, version, state, attempts, createdAt: created_at.toISOString() },
    ...(state === "waiting" ? { nextAttemptAt: next_at.toISOString() } : {}),
    ...(sent_at ? { sentAt: sent_at.toISOString() } : {}),
    ...(problem === null ? {} : { problem }),
  };
}
