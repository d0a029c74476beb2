import type { Served } from "../../lib/audit.ts";
import type { AuditFact, Interaction } from "../../lib/audit-event.ts";
import type { Context } from "../../lib/context.ts";
import type { Transaction } from "../../lib/database/database.ts";
import { fhirError } from "../../lib/operation-outcome.ts";
import { type Access, facts, sightOf } from "../access.ts";
import type { ResourceType } from "../catalogue.ts";
import type { Deps } from "../deps.ts";
import { ownersOf, readCurrent, readVersion, type StoredVersion } from "./store.ts";

export interface ReadRequest {
  type: ResourceType;
  id: string;
  access: Access;
  /** A standby that may lag behind will not do. */
  primaryOnly: boolean;
}

/** FHIR read. @throws FhirError 404, 410 */
export function readResource(context: Context, deps: Deps, request: ReadRequest): Promise<Served<StoredVersion>> {
  return readOne(context, deps, request, "read", (transaction) =>
    readCurrent(transaction, request.type.name, request.id, sightOf(deps, request.access)),
  );
}

/** FHIR vread. @throws FhirError 404, 410 */
export function readResourceVersion(
  context: Context,
  deps: Deps,
  request: ReadRequest & { version: number },
): Promise<Served<StoredVersion>> {
  return readOne(context, deps, request, "vread", (transaction) =>
    readVersion(transaction, request.type.name, request.id, request.version, sightOf(deps, request.access)),
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
    // What is hidden is as good as none: the answer must not tell that it exists. The record does.
    if (!found) return { value: undefined, facts: await unseenFacts(transaction, about) };
    const outcome = found.deleted ? "4" : "0";
    return { value: found, facts: facts({ ...about, version: found.version, outcome }, found.patientIds) };
  });
  if (!served.value) {
    throw fhirError(404, "not-found", "There is no such resource");
  }
  if (served.value.deleted) {
    throw fhirError(410, "deleted", "The resource was deleted", { headers: { ETag: `W/"${served.value.version}"` } });
  }
  return { value: served.value, servedBy: served.servedBy };
}

/** About something that is not there for the caller: an attempt on a patient's record when it is there all the same. */
export async function unseenFacts(
  transaction: Transaction,
  about: { interaction: Interaction; resourceType: string; resourceId: string },
): Promise<AuditFact[]> {
  const owners = await ownersOf(transaction, about.resourceType, about.resourceId);
  return facts({ ...about, outcome: owners ? "8" : "4" }, owners?.patientIds ?? []);
}
