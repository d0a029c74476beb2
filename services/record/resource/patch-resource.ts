import { isDeepStrictEqual } from "node:util";
import type { Context } from "../../lib/context.ts";
import type { Transaction } from "../../lib/database/database.ts";
import { parseDocument, parseExactly } from "../../lib/fhir/exact-json.ts";
import { applyJsonPatch, type PatchOperation, parseJsonPatch } from "../../lib/fhir/json-patch.ts";
import type { AnyResource } from "../../lib/fhir/validate.ts";
import type { WriteRequest, WriteResult } from "../../lib/idempotency.ts";
import { fhirError } from "../../lib/operation-outcome.ts";
import { type Access, sightOf } from "../access.ts";
import type { ResourceType } from "../catalogue.ts";
import type { Deps } from "../deps.ts";
import { checkedResource, findExisting, prepare } from "./create-resource.ts";
import { lockCurrent, readCurrent, type StoredVersion } from "./store.ts";
import { checkedUpdate, notThere, seenVersion, updateWithin } from "./update-resource.ts";
import { type Written, writeOnce } from "./write-once.ts";

/** The one patch format of this server; CapabilityStatement.patchFormat says so too. */
export const jsonPatch = "application/json-patch+json";

export interface Patch {
  type: ResourceType;
  access: Access;
  id: string;
  operations: readonly PatchOperation[];
  ifMatch?: number | undefined;
}

/** FHIR patch by a JSON Patch: http://hl7.org/fhir/R4/http.html#patch @throws FhirError as an update, and 404, 410, 422 (a failed `test`) */
export async function patchResource(
  context: Context,
  deps: Deps,
  request: WriteRequest & Omit<Patch, "operations"> & { body: string },
): Promise<Written> {
  const { type, id } = request;
  const patch = { ...request, operations: parsePatch(type, request.body) };
  const about = { interaction: "patch" as const, resourceType: type.name, resourceId: id };
  return await writeOnce(context, deps, request, about, (transaction) => patchWithin(context, deps, transaction, patch));
}

/** FHIR conditional patch of the one resource that meets the condition. @throws FhirError */
export async function patchByCondition(
  context: Context,
  deps: Deps,
  request: WriteRequest & Omit<Patch, "id" | "operations"> & { body: string; condition: string },
): Promise<Written> {
  const { type, access } = request;
  const operations = parsePatch(type, request.body);
  return await writeOnce(context, deps, request, { interaction: "patch", resourceType: type.name }, async (transaction) => {
    const existing = await findExisting(deps, transaction, { type, access }, request.condition);
    if (!existing) {
      throw fhirError(404, "not-found", "No resource meets the condition");
    }
    return await patchWithin(context, deps, transaction, { ...request, id: existing.id, operations });
  });
}

/** @throws FhirError 400 */
function parsePatch(type: ResourceType, body: string): PatchOperation[] {
  checkPatchable(type);
  return parseJsonPatch(parseDocument(body).exact);
}

/** A Binary's content is not JSON: http://hl7.org/fhir/R4/http.html#patch @throws FhirError 405 */
export function checkPatchable({ definition, name }: ResourceType): void {
  if (definition.rawContent) {
    throw fhirError(405, "not-supported", `A ${name} cannot be patched; send the whole of it`, { headers: { Allow: "GET, PUT, DELETE" } });
  }
}

/**
 * The part of a patch that is done in the transaction: what is current is locked, read, changed, and checked as an update's body is.
 * @throws FhirError 400, 403, 404, 410, 412, 422
 */
export async function patchWithin(
  context: Context,
  deps: Deps,
  transaction: Transaction,
  { type, access, id, operations, ifMatch }: Patch,
): Promise<{ result: WriteResult; version: StoredVersion }> {
  const sight = sightOf(deps, access);
  const locked = await lockCurrent(transaction, type.name, id, sight);
  const current = seenVersion(locked, ifMatch);
  if (!current) {
    throw notThere(locked);
  }
  if (current.deleted) {
    throw fhirError(410, "deleted", "The resource was deleted", { headers: { ETag: `W/"${current.version}"` } });
  }
  const stored = await readCurrent(transaction, type.name, id, sight);
  if (!stored) {
    throw new Error("a resource's current version is not there");
  }
  const content = checkedUpdate(type, id, checkedResource(deps, type, patchedContent(deps, stored.content, operations)));
  return await updateWithin(context, deps, transaction, { type, access, method: "PATCH", ...prepare(deps, type, content, id) });
}

/** The resource as the operations leave it, as JSON. @throws FhirError 400, 413, 422 */
function patchedContent(deps: Deps, content: string, operations: readonly PatchOperation[]): string {
  const before = parseExactly(content) as AnyResource;
  const after = applyJsonPatch(before, operations);
  checkKept(before, after);
  const text = JSON.stringify(withSafeNarrative(before, after as AnyResource));
  const { bodyMaxBytes } = deps.settings;
  if (Buffer.byteLength(text) > bodyMaxBytes) {
    throw fhirError(413, "too-long", `The patched resource has more than ${bodyMaxBytes} bytes`);
  }
  return text;
}

/** What the server decides may be left out of the result, and not be something else. @throws FhirError 400 */
function checkKept(before: AnyResource, after: unknown): void {
  const { resourceType, id, meta } = (after ?? {}) as Partial<AnyResource>;
  const [old, changed] = [before.meta, meta].map((each) => (typeof each === "object" && each !== null ? each : {}) as Meta);
  const wrong = [
    ...(resourceType === before.resourceType ? [] : ["resourceType"]),
    ...(id === before.id ? [] : ["id"]),
    ...(["versionId", "lastUpdated"] as const)
      .filter((name) => changed?.[name] !== undefined && changed[name] !== old?.[name])
      .map((name) => `meta.${name}`),
  ];
  if (wrong.length > 0) {
    throw fhirError(400, "invalid", `A patch cannot change ${wrong.join(", ")}`, { expression: `${before.resourceType}.${wrong[0]}` });
  }
}

interface Meta {
  versionId?: unknown;
  lastUpdated?: unknown;
}

/**
 * The narrative must not tell what is no longer so (http.html#patch). One that was made from the data alone goes when the data change and it does
 * not; one that people wrote or added to has to be patched along.
 * @throws FhirError 422
 */
function withSafeNarrative(before: AnyResource, after: AnyResource): AnyResource {
  const { text, meta: _meta, ...data } = after;
  const { text: oldText, meta: _oldMeta, ...oldData } = before;
  if (text === undefined || !isDeepStrictEqual(text, oldText) || isDeepStrictEqual(data, oldData)) {
    return after;
  }
  const { status } = text as { status?: unknown };
  if (status === "generated" || status === "extensions") {
    const { text: _stale, ...rest } = after;
    return rest as AnyResource;
  }
  if (status === "empty") {
    return after;
  }
  throw fhirError(422, "processing", "The narrative holds what the data do not: the patch must replace or remove /text as well", {
    expression: `${after.resourceType}.text`,
  });
}
