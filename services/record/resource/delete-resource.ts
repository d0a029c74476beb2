import type { Context } from "../../lib/context.ts";
import type { Transaction } from "../../lib/database/database.ts";
import { exactlyOnce, type WriteRequest, type WriteResult } from "../../lib/idempotency.ts";
import { fhirError } from "../../lib/operation-outcome.ts";
import { type Access, checkWritable, facts, sightOf, within } from "../access.ts";
import type { ResourceType } from "../catalogue.ts";
import type { Deps } from "../deps.ts";
import { replaceRules } from "../rights/store.ts";
import { findExisting, ownerIndex } from "./create-resource.ts";
import { lockCurrent, replaceResource } from "./store.ts";
import { nextInstant, notThere, seenVersion } from "./update-resource.ts";
import { outOfReach, recordingRefusal } from "./write-once.ts";

export interface Deletion {
  type: ResourceType;
  access: Access;
  id: string;
  ifMatch?: number | undefined;
}

/** FHIR delete: the resource is gone for reads and searches, its history stays. Deleting it again changes nothing. @throws FhirError */
export async function deleteResource(
  context: Context,
  deps: Deps,
  request: WriteRequest & Deletion,
): Promise<{ replayed: boolean; version: number }> {
  const { type, id } = request;
  const work = exactlyOnce(context, deps, request, (transaction) => deleteWithin(context, deps, transaction, request));
  return await recordingRefusal(context, deps, { interaction: "delete", resourceType: type.name, resourceId: id }, work);
}

/** FHIR conditional delete of the one resource that meets the condition. @throws FhirError */
export async function deleteByCondition(
  context: Context,
  deps: Deps,
  request: WriteRequest & Omit<Deletion, "id"> & { condition: string },
): Promise<{ replayed: boolean; version: number }> {
  const { type, access } = request;
  const work = exactlyOnce(context, deps, request, async (transaction) => {
    const existing = await findExisting(deps, transaction, { type, access }, request.condition);
    if (!existing) {
      throw fhirError(404, "not-found", "No resource meets the condition");
    }
    return await deleteWithin(context, deps, transaction, { ...request, id: existing.id });
  });
  return await recordingRefusal(context, deps, { interaction: "delete", resourceType: type.name }, work);
}

/** The part of a delete that is done in the transaction. @throws FhirError 403, 404, 412 */
export async function deleteWithin(
  context: Context,
  deps: Deps,
  transaction: Transaction,
  { type, access, id, ifMatch }: Deletion,
): Promise<WriteResult> {
  const locked = await lockCurrent(transaction, type.name, id, sightOf(deps, access));
  const current = seenVersion(locked, ifMatch);
  if (!current) {
    throw notThere(locked);
  }
  if (!within(access, current.patientIds)) {
    throw outOfReach();
  }
  checkWritable(access, type, current.category);
  const version = current.deleted ? current.version : current.version + 1;
  if (!current.deleted) {
    const gone = { type: type.name, id, version, lastUpdated: nextInstant(current), method: "DELETE" as const, deleted: true, content: "" };
    await replaceResource(transaction, { ...gone, patientIds: current.patientIds }, ownerIndex(current.patientIds), { mayLower: false });
    // A consent that is gone means nothing any more.
    if (type.name === "Consent") replaceRules(transaction, { type: type.name, id }, []);
  }
  const fact = { resourceType: type.name, resourceId: id, version };
  deps.audit.record(context, transaction, facts({ interaction: "delete", outcome: "0", ...fact }, current.patientIds));
  return { status: 204, ...fact };
}
