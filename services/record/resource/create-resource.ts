import type { Context } from "../../lib/context.ts";
import type { Transaction } from "../../lib/database/database.ts";
import { type ParsedResource, parseResource } from "../../lib/fhir/exact-json.ts";
import { lookedInto, parseSearch } from "../../lib/fhir/parse-search.ts";
import type { SearchIndex } from "../../lib/fhir/search-index.ts";
import { type AnyResource, validate } from "../../lib/fhir/validate.ts";
import { exactlyOnce, type WriteRequest, type WriteResult } from "../../lib/idempotency.ts";
import { type FhirError, fhirError } from "../../lib/operation-outcome.ts";
import { type Access, facts, within } from "../access.ts";
import { patientParameter, type ResourceType } from "../catalogue.ts";
import type { Deps } from "../deps.ts";
import { representVersion } from "./represent-version.ts";
import { sightOf } from "./search-resources.ts";
import { insertResource, readVersion, type StoredVersion, searchResources } from "./store.ts";

/** What a write leaves behind, for the answer. */
export interface Written {
  /** 201 created, 200 changed (or found by If-None-Exist). */
  status: number;
  version: StoredVersion;
  /** The answer is that of an earlier request with the same key. */
  replayed: boolean;
}

/** Parses and validates a body. @throws FhirError 400 */
export function checkedResource(deps: Deps, type: ResourceType, body: string): ParsedResource {
  const parsed = parseResource(body);
  if (parsed.plain.resourceType !== type.name) {
    throw fhirError(400, "invalid", `The body is not a ${type.name}`, { expression: "resourceType" });
  }
  validate(deps.catalogue.definitions, parsed.plain);
  return parsed;
}

/** What the resource is found by, the patients whose record it belongs to included. */
export function indexOf(type: ResourceType, resource: AnyResource, patientIds: readonly string[]): SearchIndex {
  const index = type.index(resource);
  index.tokens.push(...patientIds.map((code) => ({ parameter: patientParameter, system: "Patient", code })));
  return index;
}

export interface Creation {
  type: ResourceType;
  access: Access;
  content: ParsedResource;
  /** Chosen before the first attempt: a repetition after a lost commit must not make a second resource. */
  id: string;
  ifNoneExist?: string | undefined;
}

/** FHIR create. The server chooses the id. @throws FhirError */
export async function createResource(
  context: Context,
  deps: Deps,
  request: WriteRequest & { type: ResourceType; body: string; access: Access; ifNoneExist?: string | undefined },
): Promise<Written> {
  const { type, access, ifNoneExist } = request;
  const creation = { type, access, ifNoneExist, content: checkedResource(deps, type, request.body), id: crypto.randomUUID() };
  if (!within(access, type.patientIds(creation.content.plain, creation.id))) {
    await deps.audit.refused(context, { interaction: "create", outcome: "8", resourceType: type.name });
    throw outOfReach();
  }
  let created: StoredVersion | undefined;
  const result = await exactlyOnce(context, deps, request, async (transaction) => {
    const done = await createWithin(context, deps, transaction, creation);
    created = done.version;
    return done.result;
  });
  return {
    status: result.status,
    replayed: result.replayed,
    version: created && result.resourceId === created.id && !result.replayed ? created : await storedVersion(context, deps, result),
  };
}

/** The part of a create that is done in the transaction. @throws FhirError 403, 412 */
export async function createWithin(
  context: Context,
  deps: Deps,
  transaction: Transaction,
  { type, access, content: { plain, exact }, id, ifNoneExist }: Creation,
): Promise<{ result: WriteResult; version: StoredVersion }> {
  const existing = ifNoneExist === undefined ? undefined : await findExisting(deps, transaction, { type, access }, ifNoneExist);
  const patientIds = type.patientIds(plain, id);
  if (!within(access, patientIds)) {
    throw outOfReach();
  }
  const lastUpdated = new Date();
  const content = representVersion(exact, id, 1, lastUpdated);
  const version: StoredVersion = { type: type.name, id, version: 1, lastUpdated, method: "POST", deleted: false, patientIds, content };
  const kept = existing ?? version;
  if (!existing && !(await insertResource(transaction, version, indexOf(type, plain, patientIds)))) {
    throw new Error("a new random id is taken");
  }
  const fact = { resourceType: type.name, resourceId: kept.id, version: kept.version };
  await deps.audit.record(context, transaction, facts({ interaction: "create", outcome: "0", ...fact }, kept.patientIds));
  return { result: { status: existing ? 200 : 201, ...fact }, version: kept };
}

/** A write outside the token's patient. Where it undoes a transaction it is recorded afterwards (`recordingRefusal`). */
export function outOfReach(): FhirError {
  return fhirError(403, "forbidden", "The token allows only its own patient's record");
}

/** What a condition means: the one resource that matches. Two requests with the same condition go one after the other. @throws FhirError 400, 412 */
export async function findExisting(
  deps: Deps,
  transaction: Transaction,
  { type, access }: { type: ResourceType; access: Access },
  query: string,
): Promise<StoredVersion | undefined> {
  const parameters = [...new URLSearchParams(query.replace(/^[^?]*\?/, ""))];
  const search = parseSearch(parameters, type.name, deps.catalogue.types, { strict: true, ownUrl: deps.settings.publicUrl });
  if (search.conditions.length === 0 || lookedInto(search.conditions).length > 0) {
    throw fhirError(400, "required", "A condition takes search parameters of the type itself, and at least one");
  }
  const lock = { text: "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))" };
  await transaction.query(lock, [`if-none-exist ${type.name} ${JSON.stringify([...parameters].sort())}`]);
  const { matches } = await searchResources(transaction, type.name, { ...search, count: 2 }, sightOf(deps, access));
  if (matches.length > 1) {
    throw fhirError(412, "duplicate", "More than one resource meets the condition");
  }
  return matches[0];
}

/** The version that the stored result of an earlier request names. */
export async function storedVersion(context: Context, deps: Deps, result: WriteResult): Promise<StoredVersion> {
  const found = await deps.database.write(context, (transaction) =>
    readVersion(transaction, result.resourceType, result.resourceId, result.version),
  );
  if (!found) {
    throw new Error("the result of a write names a version that is not there");
  }
  return found;
}
