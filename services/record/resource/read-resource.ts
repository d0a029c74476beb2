import type { Served } from "../../lib/audit.ts";
import type { Interaction } from "../../lib/audit-event.ts";
import type { Context } from "../../lib/context.ts";
import type { Transaction } from "../../lib/database/database.ts";
import { fhirError } from "../../lib/operation-outcome.ts";
import { type Access, facts, within } from "../access.ts";
import type { ResourceType } from "../catalogue.ts";
import type { Deps } from "../deps.ts";
import { readCurrent, readVersion, type StoredVersion } from "./store.ts";

export interface ReadRequest {
  type: ResourceType;
  id: string;
  access: Access;
  /** A standby that may lag behind will not do. */
  primaryOnly: boolean;
}

/** FHIR read. @throws FhirError 404, 410 */
export function readResource(context: Context, deps: Deps, request: ReadRequest): Promise<Served<StoredVersion>> {
  return readOne(context, deps, request, "read", (transaction) => readCurrent(transaction, request.type.name, request.id));
}

/** FHIR vread. @throws FhirError 404, 410 */
export function readResourceVersion(
  context: Context,
  deps: Deps,
  request: ReadRequest & { version: number },
): Promise<Served<StoredVersion>> {
  return readOne(context, deps, request, "vread", (transaction) =>
    readVersion(transaction, request.type.name, request.id, request.version),
  );
}

async function readOne(
  context: Context,
  deps: Deps,
  request: ReadRequest,
  interaction: Interaction,
  find: (transaction: Transaction) => Promise<StoredVersion | undefined>,
): Promise<Served<StoredVersion>> {
  const about = { interaction, resourceType: request.type.name, resourceId: request.id };
  const served = await deps.audit.read(context, { primaryOnly: request.primaryOnly }, async (transaction) => {
    const found = await find(transaction);
    if (!found) {
      return { value: undefined, facts: [{ ...about, outcome: "4" as const }] };
    }
    const fact = { ...about, version: found.version };
    // Another patient's resource is as good as none: the answer must not tell that it exists. The record does.
    return within(request.access, found.patientIds)
      ? { value: found, facts: facts({ ...fact, outcome: found.deleted ? "4" : "0" }, found.patientIds) }
      : { value: undefined, facts: facts({ ...fact, outcome: "8" }, found.patientIds) };
  });
  if (!served.value) {
    throw fhirError(404, "not-found", "There is no such resource");
  }
  if (served.value.deleted) {
    throw fhirError(410, "deleted", "The resource was deleted", { headers: { ETag: `W/"${served.value.version}"` } });
  }
  return { value: served.value, servedBy: served.servedBy };
}
