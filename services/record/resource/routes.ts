import type { Hono } from "hono";
import type { Interaction } from "../../lib/audit-event.ts";
import { type Context, Deadline } from "../../lib/context.ts";
import { lookedInto, parseSearch, type SearchRequest } from "../../lib/fhir/parse-search.ts";
import { parseSubset, type Subset, tagged } from "../../lib/fhir/subset.ts";
import { etag, ifMatchVersion, versionHeaders } from "../../lib/fhir/version.ts";
import {
  acceptHeader,
  acceptsJson,
  authenticate,
  type Call,
  checkId,
  decodeUtf8,
  type Env,
  isBodyOf,
  isJsonBody,
  isOwnRequest,
  preference,
  primaryOnly,
  readBody,
  wantsJson,
} from "../../lib/http.ts";
import { checkedKey, fingerprint, type WriteRequest } from "../../lib/idempotency.ts";
import { fhirError, fhirJson, outcome } from "../../lib/operation-outcome.ts";
import type { Permission } from "../../lib/scope.ts";
import { type Access, authorise } from "../access.ts";
import type { ResourceType } from "../catalogue.ts";
import type { Deps } from "../deps.ts";
import { drop, receiveDocument } from "../document/receive-document.ts";
import { openDocument } from "../document/send-document.ts";
import type { StoredDocument } from "../document/store.ts";
import { createResource } from "./create-resource.ts";
import { deleteByCondition, deleteResource } from "./delete-resource.ts";
import { listHistory, parseHistoryQuery } from "./list-history.ts";
import { checkPatchable, jsonPatch, patchByCondition, patchResource } from "./patch-resource.ts";
import { publishDocument } from "./publish-document.ts";
import { readResource, readResourceVersion } from "./read-resource.ts";
import { documentResponse, reducedVersion, type VersionForm, versionResponse } from "./represent-version.ts";
import { searchResources } from "./search-resources.ts";
import type { StoredVersion } from "./store.ts";
import { updateByCondition, updateResource } from "./update-resource.ts";
import type { Written } from "./write-once.ts";

/** A request that passed: who asks for what, and how far they may see. */
interface Admitted {
  context: Context;
  type: ResourceType;
  access: Access;
  /** Empty on type-level interactions. */
  id: string;
}

/** The FHIR interactions on all supported types. */
export function resourceRoutes(app: Hono<Env>, deps: Deps): void {
  const admit = (call: Call, interaction: Interaction, permission: Permission): Promise<Admitted> =>
    admitRequest(call, deps, interaction, permission);

  app.post("/:type", async (call) => create(call, deps, await admit(call, "create", "c")));
  app.get("/:type", async (call) => search(call, deps, await admit(call, "search-type", "s"), new URL(call.req.url).searchParams));
  app.post("/:type/_search", async (call) => {
    const admitted = await admit(call, "search-type", "s");
    if (!(call.req.header("Content-Type") ?? "").startsWith("application/x-www-form-urlencoded")) {
      throw fhirError(415, "not-supported", "_search takes application/x-www-form-urlencoded");
    }
    const form = new URLSearchParams(decodeUtf8(await readBody(call, deps)));
    return await search(call, deps, admitted, new URLSearchParams([...new URL(call.req.url).searchParams, ...form]));
  });
  app.get("/:type/:id/_history", async (call) => {
    const { context, ...request } = await admit(call, "history-instance", "r");
    wantsJson(call);
    const page = parseHistoryQuery(new URL(call.req.url).searchParams);
    const subset = wantedSubset(call, deps, request.type, new URL(call.req.url).searchParams);
    const { value, servedBy } = await listHistory(context, deps, { ...request, ...page, subset, primaryOnly: primaryOnly(call) });
    return new Response(value, { headers: { "Content-Type": fhirJson, "DSP-Served-By": servedBy } });
  });
  app.get("/:type/:id/_history/:version", async (call) => {
    const { context, ...request } = await admit(call, "vread", "r");
    const form = wantedForm(call, deps, request.type);
    const version = call.req.param("version");
    if (!/^[1-9]\d{0,8}$/.test(version)) {
      throw fhirError(404, "not-found", "There is no such version");
    }
    const { value, servedBy } = await readResourceVersion(context, deps, {
      ...request,
      version: Number(version),
      primaryOnly: primaryOnly(call),
    });
    return servedByHeader(await shownVersion(call, context, deps, value, form), servedBy);
  });
  app.get("/:type/:id", async (call) => {
    const { context, ...request } = await admit(call, "read", "r");
    const form = { ...wantedForm(call, deps, request.type), ifNoneMatch: call.req.header("If-None-Match") };
    const { value, servedBy } = await readResource(context, deps, { ...request, primaryOnly: primaryOnly(call) });
    return servedByHeader(await shownVersion(call, context, deps, value, form), servedBy);
  });
  app.put("/:type/:id", async (call) => update(call, deps, await admit(call, "update", "u")));
  app.put("/:type", async (call) => {
    const { context, type, access } = await admit(call, "update", "u");
    const ifMatch = ifMatchVersion(call.req.header("If-Match"));
    const { search: condition } = new URL(call.req.url);
    return await writing(call, deps, { context, type, id: undefined }, (own, given) =>
      updateByCondition(own, deps, { type, access, ifMatch, condition, ...given }),
    );
  });
  app.delete("/:type/:id", async (call) => {
    const { context, ...request } = await admit(call, "delete", "d");
    const ifMatch = ifMatchVersion(call.req.header("If-Match"));
    return goneResponse(await deleteResource(context, deps, { ...request, ...writeRequest(call, ""), ifMatch }));
  });
  app.delete("/:type", async (call) => {
    const { context, type, access } = await admit(call, "delete", "d");
    const ifMatch = ifMatchVersion(call.req.header("If-Match"));
    const request = { type, access, ifMatch, condition: new URL(call.req.url).search, ...writeRequest(call, "") };
    return goneResponse(await deleteByCondition(context, deps, request));
  });
  patchRoutes(app, deps, admit);
  methodNotAllowed(app, "/:type", "GET, POST, PUT, PATCH, DELETE");
  methodNotAllowed(app, "/:type/_search", "POST");
  methodNotAllowed(app, "/:type/:id", "GET, PUT, PATCH, DELETE");
  methodNotAllowed(app, "/:type/:id/_history", "GET");
  methodNotAllowed(app, "/:type/:id/_history/:version", "GET");
}

function patchRoutes(app: Hono<Env>, deps: Deps, admit: (call: Call, interaction: "patch", permission: "u") => Promise<Admitted>): void {
  app.patch("/:type/:id", async (call) => {
    const { context, ...request } = await admit(call, "patch", "u");
    const ifMatch = ifMatchVersion(call.req.header("If-Match"));
    const body = await patchBody(call, deps, request.type);
    const written = await patchResource(context, deps, { ...request, body, ifMatch, ...writeRequest(call, body) });
    return writtenResponse(call, deps, request.type, written);
  });
  app.patch("/:type", async (call) => {
    const { context, type, access } = await admit(call, "patch", "u");
    const ifMatch = ifMatchVersion(call.req.header("If-Match"));
    const body = await patchBody(call, deps, type);
    const request = { type, access, body, ifMatch, condition: new URL(call.req.url).search, ...writeRequest(call, body) };
    return writtenResponse(call, deps, type, await patchByCondition(context, deps, request));
  });
}

const patchTypes = new Set([jsonPatch]);

/** A JSON Patch as text. @throws FhirError 405, 413, 415 */
async function patchBody(call: Call, deps: Deps, type: ResourceType): Promise<string> {
  checkPatchable(type);
  if (!isBodyOf(call, patchTypes)) {
    // RFC 5789, section 2.2: a server says which formats it takes.
    throw fhirError(415, "not-supported", `A patch must be ${jsonPatch} in UTF-8`, { headers: { "Accept-Patch": jsonPatch } });
  }
  return decodeUtf8(await readBody(call, deps));
}

function methodNotAllowed(app: Hono<Env>, path: string, allow: string): void {
  app.all(path, () => {
    throw fhirError(405, "not-supported", "This method is not supported here", { headers: { Allow: allow } });
  });
}

/** Authentication, authorisation, and whether there is such a type and could be such an id. @throws FhirError 400, 401, 403, 404 */
export async function admitRequest(call: Call, deps: Deps, interaction: Interaction, permission: Permission): Promise<Admitted> {
  const name = call.req.param("type") ?? "";
  const type = deps.catalogue.types.get(name);
  const context = await authenticate(call, deps, { interaction, resourceType: type ? name : "Unknown" });
  if (!type) {
    throw fhirError(404, "not-supported", "This server does not keep this resource type");
  }
  const id = call.req.param("id") ?? "";
  if (id !== "") checkId(id);
  const access = await authorise(context, deps, { type, interaction, permission, ...(id === "" ? {} : { resourceId: id }) });
  return { context, type, access, id };
}

async function create(call: Call, deps: Deps, { context, type, access }: Admitted): Promise<Response> {
  const ifNoneExist = call.req.header("If-None-Exist");
  const make = type.name === "DocumentReference" ? publishDocument : createResource;
  return await writing(call, deps, { context, type, id: undefined }, (own, given) =>
    make(own, deps, { type, access, ifNoneExist, ...given }),
  );
}

async function update(call: Call, deps: Deps, { context, type, access, id }: Admitted): Promise<Response> {
  const ifMatch = ifMatchVersion(call.req.header("If-Match"));
  return await writing(call, deps, { context, type, id }, (own, given) =>
    updateResource(own, deps, { type, id, access, ifMatch, ...given }),
  );
}

/**
 * Receives the body and writes what it holds. A document that came in parts took its own time: the write has that of a request. Where it is not
 * what the write came to keep (refused, or a repetition of one that did), it is dropped.
 */
async function writing(
  call: Call,
  deps: Deps,
  { context, type, id }: { context: Context; type: ResourceType; id: string | undefined },
  write: (context: Context, given: WriteRequest & { body: string; document?: StoredDocument | undefined }) => Promise<Written>,
): Promise<Response> {
  const { body, document, digest } = await resourceBody(call, context, deps, { type, id });
  const own = document ? { ...context, deadline: Deadline.after(deps.settings.deadlineMs) } : context;
  let kept: string | undefined;
  try {
    const written = await write(own, { body, document, ...writeRequest(call, body, digest) });
    kept = written.version.document;
    return writtenResponse(call, deps, type, written);
  } finally {
    if (document && kept !== document.id) drop(context, deps, document.id);
  }
}

async function search(call: Call, deps: Deps, { context, type, access }: Admitted, query: URLSearchParams): Promise<Response> {
  wantsJson(call);
  const strict = preference(call, "handling") === "strict";
  const request = parseSearch([...query], type.name, deps.catalogue.types, { strict, ownUrl: deps.settings.publicUrl });
  const subset = wantedSubset(call, deps, type, query, true);
  await authoriseOthers(context, deps, request);
  const asked = { type, search: request, access, subset, primaryOnly: primaryOnly(call) };
  const { value, servedBy } = await searchResources(context, deps, asked);
  return new Response(value, { headers: { "Content-Type": fhirJson, "DSP-Served-By": servedBy } });
}

/** How one version is shown: as bytes, or as JSON, the part of it that is asked for. @throws FhirError 400, 406 */
function wantedForm(call: Call, deps: Deps, type: ResourceType): VersionForm & { subset: Subset | undefined } {
  const raw = wantsRaw(call, type);
  const subset = raw ? undefined : wantedSubset(call, deps, type, new URL(call.req.url).searchParams);
  return { raw, subset, accept: acceptHeader(call) };
}

/** A part of a long document, and what becomes a part of another answer, goes without its bytes, and says that it is not the whole. @throws FhirError 406, 503 */
async function shownVersion(
  call: Call,
  context: Context,
  deps: Deps,
  version: StoredVersion,
  { subset, ...form }: ReturnType<typeof wantedForm>,
): Promise<Response> {
  if (subset !== undefined || isOwnRequest(call)) return versionResponse(reducedVersion(deps.catalogue, version, subset), form);
  return await documentResponse(version, form, (document) => openDocument(context, deps, document));
}

/** The part of the type's resources that is asked for. @throws FhirError 400 */
function wantedSubset(call: Call, deps: Deps, { name }: ResourceType, query: URLSearchParams, countable = false): Subset | undefined {
  const strict = preference(call, "handling") === "strict";
  return parseSubset(query, { elements: deps.catalogue.definitions.elements(name), strict, countable });
}

/** What a search looks into or includes besides its own type needs a permission as well. @throws FhirError 403 */
async function authoriseOthers(context: Context, deps: Deps, { conditions, inclusions }: SearchRequest): Promise<void> {
  const included = inclusions.flatMap(({ direction, type, targets }) => (direction === "include" ? targets : [type]));
  const wanted = [...lookedInto(conditions).map((name) => [name, "s"] as const), ...included.map((name) => [name, "r"] as const)];
  const distinct = new Map(wanted.map(([name, permission]) => [`${name}.${permission}`, { name, permission }]));
  for (const { name, permission } of distinct.values()) {
    const type = deps.catalogue.types.get(name);
    if (type) await authorise(context, deps, { type, interaction: "search-type", permission });
  }
}

interface GivenResource {
  body: string;
  /** The bytes of a long document, which are not in the body. */
  document?: StoredDocument;
  digest?: string;
}

/** The body as FHIR JSON; for a Binary also its bare content, which is wrapped. @throws FhirError 400, 408, 413, 415, 503 */
async function resourceBody(
  call: Call,
  context: Context,
  deps: Deps,
  { type, id }: { type: ResourceType; id: string | undefined },
): Promise<GivenResource> {
  const json = isJsonBody(call);
  const contentType = call.req.header("Content-Type");
  if (!json && !(type.definition.rawContent && contentType)) {
    throw fhirError(415, "not-supported", "This server reads application/fhir+json in UTF-8 only");
  }
  if (json) {
    return { body: decodeUtf8(await readBody(call, deps)) };
  }
  const received = await receiveDocument(call, context, deps);
  const security = call.req.header("X-Security-Context");
  const resource = {
    resourceType: type.name,
    ...(id === undefined ? {} : { id }),
    ...("bytes" in received ? {} : { meta: tagged(undefined) }),
    contentType,
    ...(security ? { securityContext: { reference: security } } : {}),
  };
  if (!("bytes" in received)) return { body: JSON.stringify(resource), ...received };
  return { body: JSON.stringify({ ...resource, data: Buffer.from(received.bytes).toString("base64") }) };
}

function writeRequest(call: Call, body: string, digest?: string): WriteRequest {
  const { pathname, search } = new URL(call.req.url);
  const conditions = [call.req.header("If-Match") ?? "", call.req.header("If-None-Exist") ?? ""];
  return {
    key: checkedKey(call.req.header("Idempotency-Key")),
    fingerprint: fingerprint([call.req.method, pathname + search, ...conditions, body, ...(digest === undefined ? [] : [digest])]),
  };
}

function writtenResponse(call: Call, deps: Deps, type: ResourceType, { status, version, replayed }: Written): Response {
  const location = `${deps.settings.publicUrl}/${type.name}/${version.id}/_history/${version.version}`;
  const headers = { ...versionHeaders(version), Location: location, "Content-Type": fhirJson, ...replayedHeader(replayed) };
  const wanted = preference(call, "return");
  if (wanted === "minimal") {
    const { "Content-Type": _none, ...bare } = headers;
    return new Response(null, { status, headers: bare });
  }
  const text = wanted === "operationoutcome" ? JSON.stringify(outcome("information", "informational", "Done")) : version.content;
  return new Response(text, { status, headers });
}

function goneResponse({ version, replayed }: { version: number; replayed: boolean }): Response {
  return new Response(null, { status: 204, headers: { ETag: etag(version), ...replayedHeader(replayed) } });
}

function replayedHeader(replayed: boolean): Record<string, string> {
  return replayed ? { "DSP-Replayed": "true" } : {};
}

function servedByHeader(response: Response, servedBy: string): Response {
  response.headers.set("DSP-Served-By", servedBy);
  return response;
}

/** Whether the bare content is wanted. @throws FhirError 406 */
function wantsRaw(call: Call, type: ResourceType): boolean {
  if (type.definition.rawContent) {
    return !acceptsJson(call, false);
  }
  wantsJson(call);
  return false;
}
