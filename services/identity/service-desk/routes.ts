import type { Hono } from "hono";
import { z } from "zod";
import type { Context } from "../../lib/context.ts";
import { authenticate, type Call, type Env } from "../../lib/http.ts";
import { checkedKey, fingerprint } from "../../lib/idempotency.ts";
import { fhirError } from "../../lib/operation-outcome.ts";
import { uuidPattern } from "../../lib/uuid.ts";
import type { Deps } from "../deps.ts";
import { readJson } from "../read-json.ts";
import { lookUpAccount, readAccount } from "./find-account.ts";
import { type DeskRequest, resetFactor, resetPassword, unlock } from "./help-account.ts";
import { listActions } from "./store.ts";

const lookSchema = z.strictObject({ login: z.string().trim().min(1).max(200) });
const reasonSchema = z.strictObject({ reason: z.string().trim().min(10).max(500) });

/**
 * The service desk, for operators, in JSON: POST /identity/service-desk/lookups `{"login"}`, GET …/accounts/:id, POST …/accounts/:id/unlock and
 * …/accounts/:id/reset-factor, …/accounts/:id/reset-password `{"reason"}` (10 to 500 characters), GET …/actions. Nothing there opens a record or signs anybody in.
 */
export function serviceDeskRoutes(app: Hono<Env>, deps: Deps): void {
  app.post("/service-desk/lookups", async (call) => {
    const context = await operator(call, deps);
    const { login } = await readJson(call, deps, lookSchema, 'Send {"login": "<user name>"}');
    return call.json(await lookUpAccount(context, deps, login));
  });
  app.get("/service-desk/accounts/:id", async (call) => {
    const context = await operator(call, deps);
    return call.json(await readAccount(context, deps, idOf(call)));
  });
  app.post("/service-desk/accounts/:id/unlock", async (call) => {
    const context = await operator(call, deps);
    await unlock(context, deps, await requestOf(call, deps));
    return call.json({ done: true });
  });
  app.post("/service-desk/accounts/:id/reset-factor", async (call) => {
    const context = await operator(call, deps);
    return call.json(await resetFactor(context, deps, await requestOf(call, deps)));
  });
  app.post("/service-desk/accounts/:id/reset-password", async (call) => {
    const context = await operator(call, deps);
    return call.json(await resetPassword(context, deps, await requestOf(call, deps)));
  });
  app.get("/service-desk/actions", async (call) => {
    const context = await operator(call, deps);
    const { value } = await deps.audit.read(context, { primaryOnly: true }, async (transaction) => ({
      value: await listActions(transaction),
      facts: [{ interaction: "search-type", outcome: "0", resourceType: "AuditEvent" }],
    }));
    return call.json({ actions: value.map((each) => ({ ...each, at: each.at.toISOString() })) });
  });
}

/** @throws FhirError 401, 403 */
async function operator(call: Call, deps: Deps): Promise<Context> {
  const about = { interaction: "operation", resourceType: "Person" } as const;
  const context = await authenticate(call, deps, about);
  if (context.principal.role !== "operator") {
    await deps.audit.refused(context, { ...about, outcome: "8" });
    throw fhirError(403, "forbidden", "The service desk is for the platform's operators");
  }
  return context;
}

function idOf(call: Call): string {
  const id = call.req.param("id") ?? "";
  if (!uuidPattern.test(id)) throw fhirError(404, "not-found", "There is no such account");
  return id;
}

async function requestOf(call: Call, deps: Deps): Promise<DeskRequest> {
  const accountId = idOf(call);
  const { reason } = await readJson(call, deps, reasonSchema, 'Send {"reason": "<why, in 10 to 500 characters>"}');
  const key = checkedKey(call.req.header("Idempotency-Key"));
  return { accountId, reason, key, fingerprint: fingerprint([call.req.path, reason]) };
}
