import type { Context } from "../../lib/context.ts";
import { emptyIndex } from "../../lib/fhir/search-index.ts";
import { exactlyOnce, type WriteRequest } from "../../lib/idempotency.ts";
import { fhirError } from "../../lib/operation-outcome.ts";
import { type Access, facts, within } from "../access.ts";
import type { ResourceType } from "../catalogue.ts";
import type { Deps } from "../deps.ts";
import { lockCurrent, replaceResource } from "./store.ts";
import { checkPrecondition, nextInstant, outOfReach, recordingRefusal } from "./update-resource.ts";

/** FHIR delete: the resource is gone for reads and searches, its history stays. Deleting it again changes nothing. @throws FhirError */
export async function deleteResource(
  context: Context,
  deps: Deps,
  request: WriteRequest & { type: ResourceType; id: string; access: Access; ifMatch?: number | undefined },
): Promise<{ replayed: boolean; version: number }> {
  const { type, id, access } = request;
  const work = exactlyOnce(context, deps, request, async (transaction) => {
    const current = await lockCurrent(transaction, type.name, id);
    checkPrecondition(current, request.ifMatch);
    if (!current) {
      throw fhirError(404, "not-found", "There is no such resource");
    }
    if (!within(access, current.patientIds)) {
      throw outOfReach();
    }
    const version = current.deleted ? current.version : current.version + 1;
    if (!current.deleted) {
      const gone = {
        type: type.name,
        id,
        version,
        lastUpdated: nextInstant(current),
        method: "DELETE" as const,
        deleted: true,
        content: "",
      };
      await replaceResource(transaction, { ...gone, patientIds: current.patientIds }, emptyIndex());
    }
    const fact = { interaction: "delete" as const, outcome: "0" as const, resourceType: type.name, resourceId: id, version };
    await deps.audit.record(context, transaction, facts(fact, current.patientIds));
    return { status: 204, resourceType: type.name, resourceId: id, version };
  });
  return await recordingRefusal(context, deps, { interaction: "delete", resourceType: type.name, resourceId: id }, work);
}
