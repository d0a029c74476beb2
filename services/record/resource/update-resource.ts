import type { Context } from "../../lib/context.ts";
import type { Transaction } from "../../lib/database/database.ts";
import type { ParsedResource } from "../../lib/fhir/exact-json.ts";
import { representVersion } from "../../lib/fhir/version.ts";
import type { WriteRequest, WriteResult } from "../../lib/idempotency.ts";
import { fhirError } from "../../lib/operation-outcome.ts";
import { type Access, Concealed, checkWritable, facts, mayLower, sightOf, within } from "../access.ts";
import type { ResourceType } from "../catalogue.ts";
import type { Deps } from "../deps.ts";
import { keepDocument } from "../document/store.ts";
import { spread } from "../rights/sensitivity.ts";
import { checkedResource, findExisting, owned, type Prepared, prepare } from "./create-resource.ts";
import { type CurrentVersion, insertResource, lockCurrent, replaceResource, type StoredVersion } from "./store.ts";
import { outOfReach, type Written, writeOnce } from "./write-once.ts";

export interface Update extends Prepared {
  type: ResourceType;
  access: Access;
  ifMatch?: number | undefined;
  /** What the client sent: all of the resource, or (`patch-resource.ts`) what is to change of it. */
  method?: "PUT" | "PATCH";
}

/**
 * FHIR update. Where there is no such resource (or no longer), the platform's own software creates it under its id. Whoever may not see
 * everything creates with POST: an id that is refused, since it is taken by what is hidden, would tell that something is.
 * @throws FhirError
 */
export async function updateResource(
  context: Context,
  deps: Deps,
  request: WriteRequest & Pick<Update, "type" | "id" | "access" | "ifMatch" | "document"> & { body: string },
): Promise<Written> {
  const { type, id } = request;
  const change = { ...request, ...prepare(deps, type, checkedUpdate(type, id, checkedResource(deps, type, request.body)), id) };
  const about = { interaction: "update" as const, resourceType: type.name, resourceId: id };
  return await writeOnce(context, deps, request, about, (transaction) => updateWithin(context, deps, transaction, change));
}

/** FHIR conditional update: of the one resource that meets the condition, or a create where none does. @throws FhirError */
export async function updateByCondition(
  context: Context,
  deps: Deps,
  request: WriteRequest & Pick<Update, "type" | "access" | "ifMatch" | "document"> & { body: string; condition: string },
): Promise<Written> {
  const { type, access, ifMatch, document } = request;
  const content = checkedResource(deps, type, request.body);
  const given = typeof content.plain.id === "string" ? content.plain.id : undefined;
  const newId = given ?? crypto.randomUUID();
  return await writeOnce(context, deps, request, { interaction: "update", resourceType: type.name }, async (transaction) => {
    const existing = await findExisting(deps, transaction, { type, access }, request.condition);
    if (existing && given !== undefined && given !== existing.id) {
      throw fhirError(400, "invalid", "The resource that meets the condition has another id than the body", {
        expression: `${type.name}.id`,
      });
    }
    return await updateWithin(context, deps, transaction, {
      type,
      access,
      ifMatch,
      document,
      ...prepare(deps, type, content, existing?.id ?? newId),
    });
  });
}

/** @throws FhirError 400 where the body names another resource than the address */
export function checkedUpdate(type: ResourceType, id: string, content: ParsedResource): ParsedResource {
  if (content.plain.id !== id) {
    throw fhirError(400, "invalid", "The id in the body must be the id in the URL", { expression: `${type.name}.id` });
  }
  return content;
}

/** The part of an update that is done in the transaction. @throws FhirError 403, 409, 412 */
export async function updateWithin(
  context: Context,
  deps: Deps,
  transaction: Transaction,
  update: Update,
): Promise<{ result: WriteResult; version: StoredVersion }> {
  const { type, access, id, patientIds, index, sensitivity, ifMatch, document, method = "PUT", ...rest } = await owned(transaction, update);
  if (!within(access, patientIds)) {
    throw outOfReach();
  }
  checkWritable(access, type, sensitivity.category);
  const locked = await lockCurrent(transaction, type.name, id, sightOf(deps, access));
  const current = seenVersion(locked, ifMatch);
  if (!current && !(access.patientId === undefined && access.rights === undefined)) {
    throw notThere(locked);
  }
  // What one may not write does not become writable by being turned into something else.
  if (current) checkWritable(access, type, current.category);
  const lastUpdated = nextInstant(current);
  const number = (current?.version ?? 0) + 1;
  const content = representVersion(rest.content.exact, id, number, lastUpdated);
  const version: StoredVersion = {
    ...{ type: type.name, id, version: number, lastUpdated, method, deleted: false, patientIds, content },
    ...(document && { document: document.id }),
  };
  const lower = mayLower(context, access);
  let changed = true;
  if (current) {
    const now = await replaceResource(transaction, version, index, { labels: sensitivity, mayLower: lower });
    const isOthers = patientIds.length !== current.patientIds.length || patientIds.some((each) => !current.patientIds.includes(each));
    changed = now.level !== current.level || now.category !== current.category || isOthers;
  } else if (!(await insertResource(transaction, version, index, sensitivity))) {
    throw fhirError(409, "conflict", "The resource was created by another request at the same moment");
  }
  if (document) await keepDocument(transaction, version, document);
  spread(transaction, { type: type.name, id, changed, mayLower: lower }, sensitivity);
  const created = !current || current.deleted;
  const fact = { resourceType: type.name, resourceId: id, version: number };
  const interaction = created ? ("create" as const) : method === "PATCH" ? ("patch" as const) : ("update" as const);
  const touched = [...new Set([...patientIds, ...(current?.patientIds ?? [])])];
  deps.audit.record(context, transaction, facts({ interaction, outcome: "0", ...fact }, touched));
  return { result: { status: created ? 201 : 200, ...fact }, version };
}

/**
 * The current version where the caller sees it and it is the one that was meant; what is hidden is as if it had never been.
 * @throws FhirError 412
 */
export function seenVersion(locked: CurrentVersion | undefined, ifMatch: number | undefined): CurrentVersion | undefined {
  const current = locked?.seen ? locked : undefined;
  if (ifMatch !== undefined && ifMatch !== current?.version) {
    throw current
      ? fhirError(412, "conflict", `The current version is ${current.version}`)
      : new Concealed(412, "conflict", "There is no such resource", locked?.patientIds ?? []);
  }
  return current;
}

/** Of a resource that is not there, or not for the caller. */
export function notThere(locked: CurrentVersion | undefined): Concealed {
  return new Concealed(404, "not-found", "There is no such resource", locked?.patientIds ?? []);
}

/** Now, but later than the version before even where replicas' clocks differ. */
export function nextInstant(current: CurrentVersion | undefined): Date {
  return new Date(Math.max(Date.now(), (current?.lastUpdated.getTime() ?? 0) + 1));
}
