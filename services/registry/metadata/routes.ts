import type { Hono } from "hono";
import { type Env, wantsJson } from "../../lib/http.ts";
import { fhirError, fhirJson } from "../../lib/operation-outcome.ts";
import { type Deps, fhirUrl } from "../deps.ts";
import { capabilityStatement } from "./capability-statement.ts";
import { openApi } from "./openapi.ts";

/** GET fhir/metadata and openapi.json, for everybody. */
export function metadataRoutes(registry: Hono<Env>, fhir: Hono<Env>, deps: Deps): void {
  const statement = JSON.stringify(capabilityStatement({ url: fhirUrl(deps), startedAt: new Date() }));
  const document = JSON.stringify(openApi(deps.settings.publicUrl));
  fhir.get("/metadata", (call) => {
    wantsJson(call);
    return new Response(statement, { headers: { "Content-Type": fhirJson } });
  });
  fhir.all("/metadata", () => {
    throw fhirError(405, "not-supported", "This method is not supported here", { headers: { Allow: "GET" } });
  });
  registry.get("/openapi.json", () => new Response(document, { headers: { "Content-Type": "application/json; charset=utf-8" } }));
}
