import type { Context } from "../../lib/context.ts";
import type { Transaction } from "../../lib/database/database.ts";
import { type ParsedResource, parseResource } from "../../lib/fhir/exact-json.ts";
import { lookedInto, parseSearch } from "../../lib/fhir/parse-search.ts";
import { emptyIndex, type SearchIndex } from "../../lib/fhir/search-index.ts";
import { type AnyResource, validate } from "../../lib/fhir/validate.ts";
import { representVersion } from "../../lib/fhir/version.ts";
import type { WriteRequest, WriteResult } from "../../lib/idempotency.ts";
import { fhirError } from "../../lib/operation-outcome.ts";
import { type Access, checkWritable, facts, mayLower, sightOf, within } from "../access.ts";
import { patientParameter, type ResourceType } from "../catalogue.ts";
import type { Deps } from "../deps.ts";
import { checkDocument } from "../document/check-document.ts";
import { keepDocument, type StoredDocument } from "../document/store.ts";
import { partParameter, partsOf } from "../rights/compilations.ts";
import { type Sensitivity, sensitivityOf, spread } from "../rights/sensitivity.ts";
import { addResource, patientsOf, type StoredVersion, searchResources } from "./store.ts";
import { outOfReach, type Written, writeOnce } from "./write-once.ts";

/** Parses and validates a body. @throws FhirError 400, 422 */
export function checkedResource(deps: Deps, type: ResourceType, body: string): ParsedResource {
  const parsed = parseResource(body);
  if (parsed.plain.resourceType !== type.name) {
    throw fhirError(400, "invalid", `The body is not a ${type.name}`, { expression: "resourceType" });
  }
  validate(deps.catalogue.definitions, parsed.plain);
  checkDocument(parsed.plain);
  return parsed;
}

/** What the resource is found by, and what sight of it depends on: the patients whose record it belongs to, the parts that it is made of. */
function indexOf(deps: Deps, type: ResourceType, resource: AnyResource, patientIds: readonly string[]): SearchIndex {
  const index = type.index(resource);
  index.tokens.push(...partsOf(resource, deps.settings.publicUrl).map((part) => ({ parameter: partParameter, ...part })));
  index.tokens.push(...ownerIndex(patientIds).tokens);
  return index;
}

/** That of a deleted resource: nothing finds it, and its history is still part of its patients' records. */
export function ownerIndex(patientIds: readonly string[]): SearchIndex {
  return { ...emptyIndex(), tokens: patientIds.map((code) => ({ parameter: patientParameter, system: "Patient", code })) };
}

/** A checked resource under its id, with all that needs no database: worked out before the transaction, and once for all its attempts. */
export interface Prepared {
  content: ParsedResource;
  /** Of a new resource: a repetition after a lost commit must not make a second one. */
  id: string;
  patientIds: string[];
  index: SearchIndex;
  sensitivity: Sensitivity;
  /** Bytes that have been received before, and become those of this version. */
  document?: StoredDocument | undefined;
}

/** @throws FhirError 422 for a Consent that this server could not hold to */
export function prepare(deps: Deps, type: ResourceType, content: ParsedResource, id: string): Prepared {
  const patientIds = type.patientIds(content.plain, id);
  const index = indexOf(deps, type, content.plain, patientIds);
  const sensitivity = sensitivityOf(content.plain, { id, index, patientIds, ownUrl: deps.settings.publicUrl });
  return { content, id, patientIds, index, sensitivity };
}

/** With the patients of what the resource is about, which only the store knows. */
export async function owned<Change extends Prepared & { type: ResourceType }>(transaction: Transaction, change: Change): Promise<Change> {
  const { type, index } = change;
  const parameter = type.definition.patientsOf;
  if (parameter === undefined) return change;
  const targets = index.tokens.filter((token) => token.parameter === parameter && token.system !== "");
  const patientIds = [...new Set([...change.patientIds, ...(await patientsOf(transaction, targets))])];
  const others = index.tokens.filter((token) => token.parameter !== patientParameter);
  return { ...change, patientIds, index: { ...index, tokens: [...others, ...ownerIndex(patientIds).tokens] } };
}

export interface Creation extends Prepared {
  type: ResourceType;
  access: Access;
  ifNoneExist?: string | undefined;
}

/** FHIR create. The server chooses the id. @throws FhirError */
export async function createResource(
  context: Context,
  deps: Deps,
  request: WriteRequest & Pick<Creation, "type" | "access" | "ifNoneExist" | "document"> & { body: string },
): Promise<Written> {
  const { type, access, ifNoneExist, document } = request;
  const creation = {
    type,
    access,
    ifNoneExist,
    document,
    ...prepare(deps, type, checkedResource(deps, type, request.body), crypto.randomUUID()),
  };
  const about = { interaction: "create" as const, resourceType: type.name };
  const expected = ifNoneExist === undefined ? { status: 201, resourceType: type.name, resourceId: creation.id, version: 1 } : undefined;
  return await writeOnce(context, deps, { ...request, expected }, about, (transaction) =>
    createWithin(context, deps, transaction, creation),
  );
}

/** The part of a create that is done in the transaction. @throws FhirError 403, 412 */
export async function createWithin(
  context: Context,
  deps: Deps,
  transaction: Transaction,
  creation: Creation,
): Promise<{ result: WriteResult; version: StoredVersion }> {
  const { type, access, content, id, patientIds, index, sensitivity, ifNoneExist, document } = await owned(transaction, creation);
  checkWritable(access, type, sensitivity.category);
  const existing = ifNoneExist === undefined ? undefined : await findExisting(deps, transaction, { type, access }, ifNoneExist);
  if (!within(access, patientIds)) {
    throw outOfReach();
  }
  const lastUpdated = new Date();
  const text = representVersion(content.exact, id, 1, lastUpdated);
  const first = { type: type.name, id, version: 1, lastUpdated, method: "POST" as const, deleted: false };
  const version: StoredVersion = { ...first, patientIds, content: text, ...(document && { document: document.id }) };
  const kept = existing ?? version;
  if (!existing) {
    addResource(transaction, version, index, sensitivity);
    if (document) await keepDocument(transaction, version, document);
    spread(transaction, { type: type.name, id, changed: false, mayLower: mayLower(context, access) }, sensitivity);
  }
  const fact = { resourceType: type.name, resourceId: kept.id, version: kept.version };
  deps.audit.record(context, transaction, facts({ interaction: "create", outcome: "0", ...fact }, kept.patientIds));
  return { result: { status: existing ? 200 : 201, ...fact }, version: kept };
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
