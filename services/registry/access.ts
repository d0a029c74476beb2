import type { AuditFact, Interaction } from "../lib/audit-event.ts";
import type { Context } from "../lib/context.ts";
import { FhirError, fhirError } from "../lib/operation-outcome.ts";
import type { Principal } from "../lib/principal.ts";
import { type Permission, reach } from "../lib/scope.ts";
import type { Deps, ResourceType } from "./deps.ts";

/** Who the caller is to the registry; each has a row in the table of what is allowed. */
export type CallerKind = "administration" | "practitioner" | "software" | "patient";

/** What callers do here, beyond reading: search patients by what they know of them, find duplicates, administer. */
export type Action = "read" | "history" | "search" | "match" | "create" | "update" | "administer";

/** What may be done with patients, and with the directory. Administration may do everything. */
const allowed: Record<Exclude<CallerKind, "administration">, { Patient: readonly Action[]; directory: readonly Action[] }> = {
  practitioner: { Patient: ["read", "search", "match"], directory: ["read", "history", "search"] },
  software: { Patient: ["read", "match", "create"], directory: ["read", "history", "search"] },
  patient: { Patient: ["read"], directory: [] },
};

const permissions: Record<Action, Permission> = {
  read: "r",
  history: "r",
  search: "s",
  match: "s",
  create: "c",
  update: "u",
  administer: "u",
};

/**
 * Operators, and the platform's own software, which belongs to no organisation, administer. There is no clinical data here; what the registry holds
 * is theirs to keep in order.
 */
export function callerKind({ role, organizationId }: Principal): CallerKind {
  if (role === "operator") return "administration";
  if (role === "system") return organizationId === undefined ? "administration" : "software";
  return role;
}

export interface Access {
  kind: CallerKind;
  /** The only patient whose data the caller may see. */
  patientId?: string;
}

/**
 * Decides whether the caller may do this with the type at all; a refusal is recorded before it is told.
 * @throws FhirError 403
 */
export async function authorise(
  context: Context,
  deps: Deps,
  request: { type: ResourceType; action: Action; interaction: Interaction; resourceId?: string },
): Promise<Access> {
  const { principal } = context;
  const { type, action, resourceId } = request;
  const kind = callerKind(principal);
  const rule = kind === "administration" || allowed[kind][type === "Patient" ? "Patient" : "directory"].includes(action);
  // An operator's token has no scopes for records; the role is what counts.
  const scope = principal.role === "operator" ? "all" : reach(principal.scopes, type, permissions[action]);
  const ownOnly = kind === "patient";
  const own = principal.patientId !== undefined && principal.patientId === resourceId;
  if (rule && scope !== "none" && (ownOnly ? own : scope === "all")) {
    return { kind, ...(ownOnly && principal.patientId !== undefined ? { patientId: principal.patientId } : {}) };
  }
  await refuse(context, deps, {
    interaction: request.interaction,
    resourceType: type,
    ...(resourceId === undefined ? {} : { resourceId }),
  });
  throw fhirError(403, "forbidden", refusalText(kind));
}

function refusalText(kind: CallerKind): string {
  const texts: Record<CallerKind, string> = {
    administration: "The token's scopes do not allow this",
    patient: "Patients see their own entry in the registry, and nobody else's",
    practitioner:
      "Professionals read the directory, and find patients by national number or by name and birth date; changes are made by the registry's administration",
    software:
      "The software of an organisation reads the directory, finds patients with $match and creates them; everything else is for the registry's administration",
  };
  return texts[kind];
}

async function refuse(context: Context, deps: Deps, about: Omit<AuditFact, "outcome">): Promise<void> {
  const patient = about.resourceType === "Patient" && about.resourceId !== undefined ? { patientId: about.resourceId } : {};
  await deps.audit.refused(context, { ...about, ...patient, outcome: "8" });
  deps.metrics.refusedTokens.inc({ status: "403" });
}

/** What is recorded about resources that were touched: one fact for each; a patient's names the patient. */
export function factsAbout(
  fact: Pick<AuditFact, "interaction" | "outcome">,
  type: string,
  resources: readonly { id: string; version?: number }[],
): AuditFact[] {
  if (resources.length === 0) return [{ ...fact, resourceType: type }];
  return resources.map(({ id, version }) => ({
    ...fact,
    resourceType: type,
    resourceId: id,
    ...(version === undefined ? {} : { version }),
    ...(type === "Patient" ? { patientId: id } : {}),
  }));
}

/** A refusal that tells of patients: each of them was touched. */
export class DuplicateRefused extends FhirError {
  readonly patientIds: readonly string[];

  constructor(outcome: FhirError["outcome"], patientIds: readonly string[]) {
    super(409, outcome);
    this.patientIds = patientIds;
  }
}

/** Records what was told by a refusal, whose own transaction was undone. */
export async function recordingRefusal<T>(
  context: Context,
  deps: Deps,
  about: { interaction: Interaction; type: ResourceType },
  work: Promise<T>,
): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof DuplicateRefused) {
      for (const fact of factsAbout(
        { interaction: about.interaction, outcome: "4" },
        about.type,
        error.patientIds.map((id) => ({ id })),
      )) {
        await deps.audit.refused(context, fact);
      }
    }
    throw error;
  }
}
