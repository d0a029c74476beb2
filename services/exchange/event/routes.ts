import { randomBytes } from "node:crypto";
import type { Hono } from "hono";
import { authenticate, type Call, type Env } from "../../lib/http.ts";
import { fhirError } from "../../lib/operation-outcome.ts";
import type { Deps } from "../deps.ts";
import { admitParty } from "../party.ts";
import { placeOf } from "./notice-hub.ts";
import { insertTicket, type Listener, takeTicket } from "./store.ts";

const ticketSeconds = 60;
const about = { interaction: "operation", resourceType: "Communication" } as const;

/** Live notices: that something came, never what it says. */
export function eventRoutes(app: Hono<Env>, deps: Deps): void {
  app.get("/events", async (call) => {
    const ticket = new URL(call.req.url).searchParams.get("ticket");
    const listener = ticket === null ? await byToken(call, deps) : await byTicket(call, deps, ticket);
    const after = placeOf(call.req.header("Last-Event-ID") ?? new URL(call.req.url).searchParams.get("lastEventId") ?? undefined);
    return new Response(deps.events.open(listener, after, call.req.raw.signal), {
      headers: { "Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no" },
    });
  });
  app.post("/events/ticket", async (call) => {
    const context = await authenticate(call, deps, about);
    const { actors } = await admitParty(context, deps, { ...about, permission: "r" });
    const ticket = randomBytes(24).toString("base64url");
    await deps.database.write(context, async (transaction) => {
      await insertTicket(transaction, ticket, { account: context.principal.subject, actors }, ticketSeconds);
      deps.audit.record(context, transaction, [{ ...about, outcome: "0" }]);
    });
    return call.json({ ticket, expiresInSeconds: ticketSeconds }, 201);
  });
}

/** @throws FhirError 401, 403 */
async function byToken(call: Call, deps: Deps): Promise<Listener> {
  const context = await authenticate(call, deps, about);
  const { actors } = await admitParty(context, deps, { ...about, permission: "r" });
  await deps.database.write(context, async (transaction) => deps.audit.record(context, transaction, [{ ...about, outcome: "0" }]));
  return { account: context.principal.subject, actors };
}

/** @throws FhirError 401 for a ticket that was used or is over */
async function byTicket(call: Call, deps: Deps, ticket: string): Promise<Listener> {
  const anonymous = { subject: "ticket", clientId: "ticket", role: "system", scopes: [], issuer: "internal" } as const;
  const context = {
    requestId: call.var.requestId,
    deadline: call.var.deadline,
    log: call.var.log,
    principal: { ...anonymous, scopes: [] },
  };
  const listener = await deps.database.write(context, (transaction) => takeTicket(transaction, ticket));
  if (!listener) throw fhirError(401, "login", "This ticket was used, or is over: ask for another at /exchange/events/ticket");
  return listener;
}
