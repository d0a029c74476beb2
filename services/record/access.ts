import type { AuditFact, Interaction } from "../lib/audit-event.ts";
import type { Context } from "../lib/context.ts";
import { fhirError } from "../lib/operation-outcome.ts";
import { type Permission, reach } from "../lib/scope.ts";
import type { ResourceType } from "./catalogue.ts";
import type { Deps } from "./deps.ts";

/** How far the caller may see: all records, or one patient's. */
export interface Access {
  patientId?: string;
}

/**
 * Decides whether the caller's token allows the interaction with the type at all; a refusal is recorded before it is told.
 * @throws FhirError 403
 */
export async function authorise(
  context: Context,
  deps: Deps,
  request: { type: ResourceType; resourceId?: string; interaction: Interaction; permission: Permission },
): Promise<Access> {
  const { principal } = context;
  const { type, permission } = request;
  const allowed = reach(principal.scopes, type.name, permission);
  if (allowed === "all" && principal.role !== "patient") {
    return {};
  }
  if (allowed !== "none" && type.isDirectory && (permission === "r" || permission === "s")) {
    return {};
  }
  // A patient's account never reaches further than the patient's own record, whatever its scopes say.
  if (allowed !== "none" && principal.patientId !== undefined && !type.isDirectory) {
    return { patientId: principal.patientId };
  }
  const { interaction, resourceId } = request;
  await deps.audit.refused(context, {
    interaction,
    outcome: "8",
    resourceType: type.name,
    ...(resourceId === undefined ? {} : { resourceId }),
  });
  deps.metrics.refusedTokens.inc({ status: "403" });
  throw fhirError(403, "forbidden", "The token's scopes do not allow this");
}

/** Whether a resource of these patients is within reach. */
export function within(access: Access, patientIds: readonly string[]): boolean {
  return access.patientId === undefined || patientIds.includes(access.patientId);
}

/** The facts to record about a version that was read: one for each patient it is about, or one without. */
export function facts(fact: AuditFact, patientIds: readonly string[]): AuditFact[] {
  return patientIds.length > 0 ? patientIds.map((patientId) => ({ ...fact, patientId })) : [fact];
}
