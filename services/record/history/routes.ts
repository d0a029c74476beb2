import type { Hono } from "hono";
import type { Context } from "../../lib/context.ts";
import { parseSubset } from "../../lib/fhir/subset.ts";
import { authenticate, type Call, type Env, preference, primaryOnly, wantsJson } from "../../lib/http.ts";
import { fhirError, fhirJson } from "../../lib/operation-outcome.ts";
import { reach } from "../../lib/scope.ts";
import { type Access, authorise } from "../access.ts";
import type { Deps } from "../deps.ts";
import { admitRequest } from "../resource/routes.ts";
import { listChanges, parseChangesQuery } from "./list-changes.ts";

type Part = { type: string; access: Access };

/** What has changed, in one type or in all of them. SMART on FHIR 2 counts both as searches. */
export function historyRoutes(app: Hono<Env>, deps: Deps): void {
  app.get("/_history", async (call) => {
    const context = await authenticate(call, deps, { interaction: "history-system", resourceType: "Resource" });
    return await history(call, deps, context, { type: undefined, parts: await admitTypes(context, deps) });
  });
  app.get("/:type/_history", async (call) => {
    const { context, type, access } = await admitRequest(call, deps, "history-type", "s");
    return await history(call, deps, context, { type: type.name, parts: [{ type: type.name, access }] });
  });
  for (const path of ["/_history", "/:type/_history"]) {
    app.all(path, () => {
      throw fhirError(405, "not-supported", "This method is not supported here", { headers: { Allow: "GET" } });
    });
  }
}

/** A scope for some types gives those, as the history of each of them would. @throws FhirError 403 where there is none */
async function admitTypes(context: Context, deps: Deps): Promise<Part[]> {
  const types = [...deps.catalogue.types.values()];
  const within = types.filter(({ name }) => reach(context.principal.scopes, name, "s") !== "none");
  const parts: Part[] = [];
  // Where no type is within the scopes, the first is refused, and the refusal recorded.
  for (const type of within.length > 0 ? within : types.slice(0, 1)) {
    parts.push({ type: type.name, access: await authorise(context, deps, { type, interaction: "history-system", permission: "s" }) });
  }
  return parts;
}

async function history(
  call: Call,
  deps: Deps,
  context: Context,
  { type, parts }: { type: string | undefined; parts: Part[] },
): Promise<Response> {
  wantsJson(call);
  const { searchParams } = new URL(call.req.url);
  const strict = preference(call, "handling") === "strict";
  const query = parseChangesQuery(searchParams, strict);
  const elements = type === undefined ? undefined : deps.catalogue.definitions.elements(type);
  const subset = parseSubset(searchParams, { elements, strict, countable: false });
  const { value, servedBy } = await listChanges(context, deps, { type, parts, query, subset, primaryOnly: primaryOnly(call) });
  return new Response(value, { headers: { "Content-Type": fhirJson, "DSP-Served-By": servedBy } });
}
