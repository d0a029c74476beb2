import type { AuditFact, Interaction } from "../lib/audit-event.ts";
import type { Context } from "../lib/context.ts";
import { FhirError, fhirError, outcome } from "../lib/operation-outcome.ts";
import type { Principal } from "../lib/principal.ts";
import { type Permission, reach } from "../lib/scope.ts";
import type { ResourceType } from "./catalogue.ts";
import type { Deps } from "./deps.ts";
import type { Sight } from "./resource/search-sql.ts";
import type { Rights } from "./rights/decide.ts";
import { noRights, professions } from "./rights/professions.ts";

/** How far the caller may see: all records, or one patient's, or what rights allow, or both. */
export interface Access {
  patientId?: string;
  /** Absent for patients themselves and for the platform's own software. */
  rights?: Rights;
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
  const allowed = principal.role === "operator" ? "none" : reach(principal.scopes, type.name, permission);
  const rights = rightsOf(principal);
  if (allowed === "all" && principal.role !== "patient") {
    return rights ? { rights } : {};
  }
  if (allowed !== "none" && type.isDirectory && (permission === "r" || permission === "s")) {
    return {};
  }
  // A patient's account never reaches further than the patient's own record, whatever its scopes say.
  if (allowed !== "none" && principal.patientId !== undefined && !type.isDirectory) {
    return { patientId: principal.patientId, ...(rights ? { rights } : {}) };
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

/** What bounds this caller; undefined for a patient in the own record and for the platform's own software, which belongs to no organisation. */
function rightsOf({ role, person, patientId, profession, organizationId }: Principal): Rights | undefined {
  const at = new Date().toISOString();
  if (role === "patient") {
    const isSelf = person === undefined || person === `Patient/${patientId}`;
    return isSelf ? undefined : { ...noRights, actors: [`delegate:${person}`], at };
  }
  if (role === "system" && organizationId === undefined) return undefined;
  const named = [
    ...(profession === undefined ? [] : [`profession:${profession}`]),
    ...(organizationId === undefined ? [] : [`Organization/${organizationId}`]),
    ...(person === undefined ? [] : [person]),
  ];
  return { ...(professions.get(profession ?? "") ?? noRights), actors: ["*", ...named], at };
}

/** What a caller may see, for the query itself: what is out of reach is never read. */
export function sightOf({ catalogue }: Deps, { patientId, rights }: Access): Sight {
  return { patientId, rights, isDirectory: (type) => catalogue.types.get(type)?.isDirectory ?? false };
}

/** Whether a resource of these patients is within a token's reach. What rights allow within that, the query decides. */
export function within(access: Access, patientIds: readonly string[]): boolean {
  return access.patientId === undefined || patientIds.includes(access.patientId);
}

/** Only patients themselves make a part of their record less confidential. */
export function mayLower({ principal }: Context, access: Access): boolean {
  return principal.role === "patient" && access.rights === undefined;
}

/** @throws FhirError 403 when the caller may not write documents of this kind, whoever they are about */
export function checkWritable({ rights }: Access, type: ResourceType, category: string): void {
  if (rights && !type.isDirectory && !rights.writable.some((each) => each === category)) {
    throw fhirError(403, "forbidden", `Your role may not write documents of the type ${category}`);
  }
}

/** What is hidden, or nobody's: to the caller as if it had never been, in the audit record an attempt on these patients' records. */
export class Concealed extends FhirError {
  readonly patientIds: readonly string[];

  constructor(status: 404 | 412, code: "not-found" | "conflict", text: string, patientIds: readonly string[]) {
    super(status, outcome("error", code, text));
    this.patientIds = patientIds;
  }
}

/** The facts to record about a version that was read: one for each patient it is about, or one without. */
export function facts(fact: AuditFact, patientIds: readonly string[]): AuditFact[] {
  return patientIds.length > 0 ? patientIds.map((patientId) => ({ ...fact, patientId })) : [fact];
}
