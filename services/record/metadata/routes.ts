import type { Hono } from "hono";
import { type Env, wantsJson } from "../../lib/http.ts";
import { fhirError, fhirJson } from "../../lib/operation-outcome.ts";
import type { Deps } from "../deps.ts";
import { capabilityStatement } from "./capability-statement.ts";

/** GET /fhir/metadata, for everybody. */
export function metadataRoutes(app: Hono<Env>, deps: Deps): void {
  const statement = JSON.stringify(capabilityStatement(deps.catalogue, { publicUrl: deps.settings.publicUrl, startedAt: new Date() }));
  app.get("/metadata", (call) => {
    wantsJson(call);
    return new Response(statement, { headers: { "Content-Type": fhirJson } });
  });
  app.all("/metadata", () => {
    throw fhirError(405, "not-supported", "This method is not supported here", { headers: { Allow: "GET" } });
  });
}
