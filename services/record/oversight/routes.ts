import type { Hono } from "hono";
import type { Interaction } from "../../lib/audit-event.ts";
import type { Context } from "../../lib/context.ts";
import { authenticate, type Call, checkId, decodeUtf8, type Env, isJsonBody, primaryOnly, readBody, wantsJson } from "../../lib/http.ts";
import { checkedKey, fingerprint } from "../../lib/idempotency.ts";
import { preferredLanguage } from "../../lib/language.ts";
import { fhirError, fhirJson } from "../../lib/operation-outcome.ts";
import type { Deps } from "../deps.ts";
import { auditChain, parseChainQuery } from "./audit-chain.ts";
import { answerReview, listReviews, parseAnswer, parseReviewQuery, readReview } from "./reviews.ts";

/**
 * What the platform's operators look after without seeing a record: whether the audit trail is whole, and what was asked to be examined. They have
 * no other right here (`authorise` in access.ts).
 */
export function oversightRoutes(app: Hono<Env>, deps: Deps): void {
  app.get("/$audit-chain", async (call) => {
    const context = await operator(call, deps, { interaction: "operation", resourceType: "AuditEvent" });
    const query = parseChainQuery(new URL(call.req.url).searchParams);
    return answer(await auditChain(context, deps, query));
  });
  app.get("/$reviews", async (call) => {
    const context = await operator(call, deps, { interaction: "search-type", resourceType: "Task" });
    const query = parseReviewQuery(new URL(call.req.url).searchParams);
    return answer(await listReviews(context, deps, { ...query, primaryOnly: primaryOnly(call) }));
  });
  app.get("/$reviews/:id", async (call) => {
    const context = await operator(call, deps, { interaction: "read", resourceType: "Task" });
    const id = call.req.param("id");
    checkId(id);
    const language = preferredLanguage(call.req.header("Accept-Language"));
    return answer(await readReview(context, deps, { id, language, primaryOnly: primaryOnly(call) }));
  });
  app.post("/$reviews/:id", async (call) => {
    const context = await operator(call, deps, { interaction: "update", resourceType: "Task" });
    const id = call.req.param("id");
    checkId(id);
    if (!isJsonBody(call)) throw fhirError(415, "not-supported", "This server reads application/fhir+json in UTF-8 only");
    const body = decodeUtf8(await readBody(call, deps));
    const request = { key: checkedKey(call.req.header("Idempotency-Key")), fingerprint: fingerprint(["$reviews", id, body]) };
    return answer(await answerReview(context, deps, { ...request, id, ...parseAnswer(body) }));
  });
}

/** @throws FhirError 401, 403, 406 */
async function operator(call: Call, deps: Deps, about: { interaction: Interaction; resourceType: string }): Promise<Context> {
  const context = await authenticate(call, deps, about);
  wantsJson(call);
  if (context.principal.role === "operator") return context;
  await deps.audit.refused(context, { ...about, outcome: "8" });
  deps.metrics.refusedTokens.inc({ status: "403" });
  throw fhirError(403, "forbidden", "This is for the platform's operators");
}

function answer(text: string): Response {
  return new Response(text, { headers: { "Content-Type": fhirJson } });
}
