import type { Hono } from "hono";
import type { Interaction } from "../../lib/audit-event.ts";
import type { Context } from "../../lib/context.ts";
import { ifMatchVersion, versionHeaders } from "../../lib/fhir/version.ts";
import { type Call, checkId, decodeUtf8, type Env, preference, primaryOnly, readBody, wantsJson } from "../../lib/http.ts";
import { fhirError, fhirJson, outcome } from "../../lib/operation-outcome.ts";
import type { Access, Action } from "../access.ts";
import { type Deps, fhirUrl, isResourceType, type ResourceType } from "../deps.ts";
import { admit, jsonBody, languageOf, reviewedIds, writeRequest } from "../request.ts";
import { parseSearch } from "./parse-search.ts";
import { listHistory, readResource, readResourceVersion } from "./read-resource.ts";
import { versionResponse } from "./represent-version.ts";
import { searchResources } from "./search-resources.ts";
import { type Written, writeResource } from "./write-resource.ts";

interface Admitted {
  context: Context;
  type: ResourceType;
  access: Access;
  /** Empty on type-level interactions. */
  id: string;
}

/** The FHIR interactions on the registry's resource types. */
export function resourceRoutes(app: Hono<Env>, deps: Deps): void {
  app.post("/:type", async (call) => write(call, deps, await admitted(call, deps, "create", "create")));
  app.get("/:type", async (call) => {
    const request = await admitted(call, deps, "search-type", "search");
    return await search(call, deps, request, new URL(call.req.url).searchParams);
  });
  app.post("/:type/_search", async (call) => {
    const request = await admitted(call, deps, "search-type", "search");
    if (!(call.req.header("Content-Type") ?? "").startsWith("application/x-www-form-urlencoded")) {
      throw fhirError(415, "not-supported", "_search takes application/x-www-form-urlencoded");
    }
    const form = new URLSearchParams(decodeUtf8(await readBody(call, deps)));
    return await search(call, deps, request, new URLSearchParams([...new URL(call.req.url).searchParams, ...form]));
  });
  app.get("/:type/:id/_history", async (call) => {
    const { context, type, id } = await admitted(call, deps, "history-instance", "history");
    wantsJson(call);
    const query = new URL(call.req.url).searchParams;
    const { value, servedBy } = await listHistory(context, deps, { type, id, query, url: fhirUrl(deps), primaryOnly: primaryOnly(call) });
    return new Response(value, { headers: { "Content-Type": fhirJson, "DSP-Served-By": servedBy } });
  });
  app.get("/:type/:id/_history/:version", async (call) => {
    const { context, type, id } = await admitted(call, deps, "vread", "history");
    wantsJson(call);
    const version = call.req.param("version");
    if (!/^[1-9]\d{0,8}$/.test(version)) throw fhirError(404, "not-found", "There is no such version");
    const served = await readResourceVersion(context, deps, { type, id, version: Number(version), primaryOnly: primaryOnly(call) });
    return answer(call, deps, served);
  });
  app.get("/:type/:id", async (call) => {
    const { context, type, id } = await admitted(call, deps, "read", "read");
    wantsJson(call);
    const follow = call.req.query("follow") === "true";
    return answer(call, deps, await readResource(context, deps, { type, id, follow, primaryOnly: primaryOnly(call) }));
  });
  app.put("/:type/:id", async (call) => write(call, deps, await admitted(call, deps, "update", "update")));
  methodNotAllowed(app, "/:type", "GET, POST");
  methodNotAllowed(app, "/:type/_search", "POST");
  methodNotAllowed(app, "/:type/:id", "GET, PUT");
  methodNotAllowed(app, "/:type/:id/_history", "GET");
  methodNotAllowed(app, "/:type/:id/_history/:version", "GET");
}

function methodNotAllowed(app: Hono<Env>, path: string, allow: string): void {
  app.all(path, () => {
    throw fhirError(405, "not-supported", "This method is not supported here", { headers: { Allow: allow } });
  });
}

/** @throws FhirError 400, 401, 403, 404 */
async function admitted(call: Call, deps: Deps, interaction: Interaction, action: Action): Promise<Admitted> {
  const type = call.req.param("type");
  if (!isResourceType(type))
    throw fhirError(404, "not-supported", "The registry keeps Patient, Practitioner, PractitionerRole and Organization");
  const id = call.req.param("id") ?? "";
  if (id !== "") checkId(id);
  const { context, access } = await admit(call, deps, { type, action, interaction, ...(id === "" ? {} : { resourceId: id }) });
  return { context, type, access, id };
}

async function search(call: Call, deps: Deps, { context, type, access }: Admitted, query: URLSearchParams): Promise<Response> {
  wantsJson(call);
  const parsed = parseSearch(
    [...query].filter(([name]) => name !== "_format"),
    type,
    preference(call, "handling") === "strict",
  );
  const { value, servedBy } = await searchResources(context, deps, { search: parsed, access, primaryOnly: primaryOnly(call) });
  return new Response(value, { headers: { "Content-Type": fhirJson, "DSP-Served-By": servedBy } });
}

async function write(call: Call, deps: Deps, { context, type, id }: Admitted): Promise<Response> {
  const ifMatch = ifMatchVersion(call.req.header("If-Match"));
  const body = await jsonBody(call, deps);
  const request = { type, id: id === "" ? undefined : id, body, ifMatch, reviewed: reviewedIds(call), language: languageOf(call) };
  return writtenResponse(call, deps, await writeResource(context, deps, { ...request, ...writeRequest(call, body) }));
}

function writtenResponse(call: Call, deps: Deps, { status, version, replayed }: Written): Response {
  const location = `${fhirUrl(deps)}/${version.type}/${version.id}/_history/${version.version}`;
  const headers = { ...versionHeaders(version), Location: location, ...(replayed ? { "DSP-Replayed": "true" } : {}) };
  const wanted = preference(call, "return");
  if (wanted === "minimal") return new Response(null, { status, headers });
  const text = wanted === "operationoutcome" ? JSON.stringify(outcome("information", "informational", "Done")) : version.content;
  return new Response(text, { status, headers: { ...headers, "Content-Type": fhirJson } });
}

function answer(call: Call, deps: Deps, { value, servedBy }: Awaited<ReturnType<typeof readResource>>): Response {
  const headers = { "DSP-Served-By": servedBy, "Content-Location": `${fhirUrl(deps)}/${value.type}/${value.id}` };
  return versionResponse(value, { url: fhirUrl(deps), ifNoneMatch: call.req.header("If-None-Match"), headers });
}
