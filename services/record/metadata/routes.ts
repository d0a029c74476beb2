import type { Hono } from "hono";
import { type Env, wantsJson } from "../../lib/http.ts";
import { fhirError, fhirJson } from "../../lib/operation-outcome.ts";
import { smartConfiguration } from "../../lib/smart-configuration.ts";
import type { Deps } from "../deps.ts";
import { capabilityStatement, smartPath } from "./capability-statement.ts";

/** GET /fhir/metadata, and where apps find the way to a token (SMART App Launch 2.2), for everybody. */
export function metadataRoutes(app: Hono<Env>, deps: Deps): void {
  const { publicUrl } = deps.settings;
  // An issuer of tokens that is no address (of a test, of a platform without identity) has nothing to be found.
  const issuer = URL.canParse(deps.issuer) ? deps.issuer : undefined;
  const statement = JSON.stringify(capabilityStatement(deps.catalogue, { publicUrl, issuer, startedAt: new Date() }));
  app.get("/metadata", (call) => {
    wantsJson(call);
    return new Response(statement, { headers: { "Content-Type": fhirJson } });
  });
  if (issuer !== undefined) {
    // Browsers' apps come from other origins; there is nothing secret in it.
    const headers = { "Access-Control-Allow-Origin": "*", "Cache-Control": "public, max-age=300" };
    app.get(smartPath, (call) => call.json(smartConfiguration(issuer), 200, headers));
  }
  app.all("/metadata", () => {
    throw fhirError(405, "not-supported", "This method is not supported here", { headers: { Allow: "GET" } });
  });
}
