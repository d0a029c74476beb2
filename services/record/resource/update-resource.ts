import type { Context } from "../../lib/context.ts";
import type { Transaction } from "../../lib/database/database.ts";
import type { ParsedResource } from "../../lib/fhir/exact-json.ts";
import type { WriteRequest, WriteResult } from "../../lib/idempotency.ts";
import { fhirError } from "../../lib/operation-outcome.ts";
import { type Access, facts, within } from "../access.ts";
import type { ResourceType } from "../catalogue.ts";
import type { Deps } from "../deps.ts";
import { checkedResource, findExisting, type Prepared, prepare } from "./create-resource.ts";
import { representVersion } from "./represent-version.ts";
import { type CurrentVersion, insertResource, lockCurrent, replaceResource, type StoredVersion } from "./store.ts";
import { outOfReach, type Written, writeOnce } from "./write-once.ts";

export interface Update extends Prepared {
  type: ResourceType;
  access: Access;
  ifMatch?: number | undefined;
  /** What the client sent: all of the resource, or (`patch-resource.ts`) what is to change of it. */
  method?: "PUT" | "PATCH";
}

/** FHIR update; where there is no such resource (or no longer), it is created under the client's id. @throws FhirError */
export async function updateResource(
  context: Context,
  deps: Deps,
  request: WriteRequest & { type: ResourceType; id: string; body: string; access: Access; ifMatch?: number | undefined },
): Promise<Written> {
  const { type, id } = request;
  const change = { ...request, ...prepare(type, checkedUpdate(type, id, checkedResource(deps, type, request.body)), id) };
  const about = { interaction: "update" as const, resourceType: type.name, resourceId: id };
  return await writeOnce(context, deps, request, about, (transaction) => updateWithin(context, deps, transaction, change));
}

/** FHIR conditional update: of the one resource that meets the condition, or a create where none does. @throws FhirError */
export async function updateByCondition(
  context: Context,
  deps: Deps,
  request: WriteRequest & { type: ResourceType; body: string; access: Access; condition: string; ifMatch?: number | undefined },
): Promise<Written> {
  const { type, access, ifMatch } = request;
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
    return await updateWithin(context, deps, transaction, { type, access, ifMatch, ...prepare(type, content, existing?.id ?? newId) });
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
  { type, access, content: { exact }, id, patientIds, index, ifMatch, method = "PUT" }: Update,
): Promise<{ result: WriteResult; version: StoredVersion }> {
  const current = await lockCurrent(transaction, type.name, id);
  checkPrecondition(current, ifMatch);
  if (!within(access, patientIds) || (current && !within(access, current.patientIds))) {
    throw outOfReach();
  }
  const lastUpdated = nextInstant(current);
  const number = (current?.version ?? 0) + 1;
  const content = representVersion(exact, id, number, lastUpdated);
  const version: StoredVersion = { type: type.name, id, version: number, lastUpdated, method, deleted: false, patientIds, content };
  if (current) {
    await replaceResource(transaction, version, index);
  } else if (!(await insertResource(transaction, version, index))) {
    throw fhirError(409, "conflict", "The resource was created by another request at the same moment");
  }
  const created = !current || current.deleted;
  const fact = { resourceType: type.name, resourceId: id, version: number };
  const interaction = created ? ("create" as const) : method === "PATCH" ? ("patch" as const) : ("update" as const);
  const touched = [...new Set([...patientIds, ...(current?.patientIds ?? [])])];
  await deps.audit.record(context, transaction, facts({ interaction, outcome: "0", ...fact }, touched));
  return { result: { status: created ? 201 : 200, ...fact }, version };
}

/** @throws FhirError 412 */
export function checkPrecondition(current: CurrentVersion | undefined, ifMatch: number | undefined): void {
  if (ifMatch !== undefined && ifMatch !== current?.version) {
    throw fhirError(412, "conflict", current ? `The current version is ${current.version}` : "There is no such resource");
  }
}

/** Now, but later than the version before even where replicas' clocks differ. */
export function nextInstant(current: CurrentVersion | undefined): Date {
  return new Date(Math.max(Date.now(), (current?.lastUpdated.getTime() ?? 0) + 1));
}
