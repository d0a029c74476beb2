import type { Hono } from "hono";
import type { Served } from "../../lib/audit.ts";
import type { Interaction } from "../../lib/audit-event.ts";
import type { Context } from "../../lib/context.ts";
import { authenticate, type Call, type Env, preference, primaryOnly, wantsJson } from "../../lib/http.ts";
import { type Language, preferredLanguage } from "../../lib/language.ts";
import { fhirError, fhirJson } from "../../lib/operation-outcome.ts";
import { reach } from "../../lib/scope.ts";
import type { Access } from "../access.ts";
import type { Deps } from "../deps.ts";
import { listEvents, parseLogQuery, readEvent } from "./list-events.ts";

/** AuditEvent: who looked at a record, for its patient and for the platform's auditors. Nobody writes it but the service itself. */
export function auditLogRoutes(app: Hono<Env>, deps: Deps): void {
  app.get("/AuditEvent", async (call) => {
    const { context, access } = await admit(call, deps, "search-type");
    const strict = preference(call, "handling") === "strict";
    const query = parseLogQuery(new URL(call.req.url).searchParams, strict);
    return answer(await listEvents(context, deps, { query, access, ...how(call) }));
  });
  app.get("/AuditEvent/:id", async (call) => {
    const { context, access } = await admit(call, deps, "read");
    return answer(await readEvent(context, deps, { id: call.req.param("id"), access, ...how(call) }));
  });
  for (const path of ["/AuditEvent", "/AuditEvent/:id"]) {
    app.all(path, () => {
      throw fhirError(405, "not-supported", "Audit records are only read", { headers: { Allow: "GET" } });
    });
  }
}

/** Patients see their own log; only the platform's own software sees everybody's. @throws FhirError 401, 403, 406 */
async function admit(call: Call, deps: Deps, interaction: Interaction): Promise<{ context: Context; access: Access }> {
  const context = await authenticate(call, deps, { interaction, resourceType: "AuditEvent" });
  wantsJson(call);
  const { role, organizationId, patientId, scopes, person } = context.principal;
  const allowed = reach(scopes, "AuditEvent", interaction === "read" ? "r" : "s");
  if (allowed !== "none" && role === "patient" && patientId !== undefined && (person === undefined || person === `Patient/${patientId}`)) {
    return { context, access: { patientId } };
  }
  if (allowed === "all" && role === "system" && organizationId === undefined) return { context, access: {} };
  await deps.audit.refused(context, { interaction, outcome: "8", resourceType: "AuditEvent" });
  deps.metrics.refusedTokens.inc({ status: "403" });
  throw fhirError(403, "forbidden", "The access log is for its patient and for the platform's auditors");
}

function how(call: Call): { language: Language; primaryOnly: boolean } {
  return { language: preferredLanguage(call.req.header("Accept-Language")), primaryOnly: primaryOnly(call) };
}

function answer({ value, servedBy }: Served<string>): Response {
  return new Response(value, { headers: { "Content-Type": fhirJson, "DSP-Served-By": servedBy, Vary: "Accept-Language" } });
}
