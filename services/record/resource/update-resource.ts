import type { Context } from "../../lib/context.ts";
import { exactlyOnce, type WriteRequest } from "../../lib/idempotency.ts";
import { FhirError, fhirError } from "../../lib/operation-outcome.ts";
import { type Access, facts, within } from "../access.ts";
import type { ResourceType } from "../catalogue.ts";
import type { Deps } from "../deps.ts";
import { checkedResource, indexOf, storedVersion, type Written } from "./create-resource.ts";
import { representVersion } from "./represent-version.ts";
import { type CurrentVersion, insertResource, lockCurrent, replaceResource, type StoredVersion } from "./store.ts";

/** FHIR update; where there is no such resource (or no longer), it is created under the client's id. @throws FhirError */
export async function updateResource(
  context: Context,
  deps: Deps,
  request: WriteRequest & { type: ResourceType; id: string; body: string; access: Access; ifMatch?: number | undefined },
): Promise<Written> {
  const { type, id, access } = request;
  const { plain, exact } = checkedResource(deps, type, request.body);
  if (plain.id !== id) {
    throw fhirError(400, "invalid", "The id in the body must be the id in the URL", { expression: `${type.name}.id` });
  }
  const patientIds = type.patientIds(plain, id);
  const index = indexOf(type, plain, patientIds);
  let written: StoredVersion | undefined;
  const work = exactlyOnce(context, deps, request, async (transaction) => {
    const current = await lockCurrent(transaction, type.name, id);
    checkPrecondition(current, request.ifMatch);
    if (!within(access, patientIds) || (current && !within(access, current.patientIds))) {
      throw outOfReach();
    }
    const lastUpdated = nextInstant(current);
    const version = (current?.version ?? 0) + 1;
    const content = representVersion(exact, id, version, lastUpdated);
    written = { type: type.name, id, version, lastUpdated, method: "PUT", deleted: false, patientIds, content };
    if (current) {
      await replaceResource(transaction, written, index);
    } else if (!(await insertResource(transaction, written, index))) {
      throw fhirError(409, "conflict", "The resource was created by another request at the same moment");
    }
    const created = !current || current.deleted;
    const fact = {
      interaction: created ? ("create" as const) : ("update" as const),
      outcome: "0" as const,
      resourceType: type.name,
      resourceId: id,
      version,
    };
    await deps.audit.record(context, transaction, facts(fact, [...new Set([...patientIds, ...(current?.patientIds ?? [])])]));
    return { status: created ? 201 : 200, resourceType: type.name, resourceId: id, version };
  });
  const result = await recordingRefusal(context, deps, { interaction: "update", resourceType: type.name, resourceId: id }, work);
  const same = written?.version === result.version && !result.replayed ? written : undefined;
  return { status: result.status, replayed: result.replayed, version: same ?? (await storedVersion(context, deps, result)) };
}

/** A write outside the token's patient. It undoes its transaction and is recorded by `recordingRefusal` afterwards. */
export function outOfReach(): FhirError {
  return fhirError(403, "forbidden", "The token allows only its own patient's record");
}

/** Records a refused write, whose own transaction was undone. */
export async function recordingRefusal<T>(
  context: Context,
  deps: Deps,
  about: { interaction: "update" | "delete"; resourceType: string; resourceId: string },
  work: Promise<T>,
): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof FhirError && error.status === 403) {
      await deps.audit.refused(context, { ...about, outcome: "8" });
    }
    throw error;
  }
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
