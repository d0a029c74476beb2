import type { Interaction } from "../lib/audit-event.ts";
import type { Context } from "../lib/context.ts";
import { idPattern } from "../lib/fhir/validate.ts";
import { fhirError } from "../lib/operation-outcome.ts";
import type { Principal } from "../lib/principal.ts";
import { sandboxOf } from "../lib/sandbox.ts";
import { type Permission, reach } from "../lib/scope.ts";
import type { Deps } from "./deps.ts";

/** By which a profession at an organisation is addressed, as in `physician@demo-practice`: no PractitionerRole needs to exist for it. */
export const roleSystem = "urn:dsp:role";

export interface Reference {
  reference?: string;
  type?: string;
  identifier?: { system?: string; value?: string };
  display?: string;
}

/** Who takes part in the exchange. */
export interface Party {
  /** All names by which messages reach the caller: the person, the profession at the organisation, the organisation. */
  actors: string[];
  /** The name the caller sends under: the person, or of a software its organisation. */
  self: string;
  /** Who opened a message: the person, or the software. */
  reader: string;
  /** Of a software on trial: it reaches nobody else. */
  sandbox?: string;
}

/** Undefined for patients, operators and software that belongs to no organisation: they take no part. */
export function partyOf({ role, person, profession, organizationId, clientId }: Principal): Party | undefined {
  const organization = organizationId === undefined ? [] : [`Organization/${organizationId}`];
  if (role === "practitioner" && person?.startsWith("Practitioner/")) {
    const roles = organizationId !== undefined && profession !== undefined ? [`role:${profession}@${organizationId}`] : [];
    return { actors: [person, ...roles, ...organization], self: person, reader: person };
  }
  const [self] = organization;
  if (role !== "system" || self === undefined) return undefined;
  const sandbox = sandboxOf({ role, ...(organizationId === undefined ? {} : { organizationId }) });
  return { actors: organization, self, reader: `client:${clientId}`, ...(sandbox === undefined ? {} : { sandbox }) };
}

/**
 * The caller as one who takes part; a refusal is recorded before it is told.
 * @throws FhirError 403
 */
export async function admitParty(
  context: Context,
  deps: Deps,
  about: { interaction: Interaction; resourceType: string; permission: Permission },
): Promise<Party> {
  const { interaction, resourceType, permission } = about;
  const party = partyOf(context.principal);
  if (party && reach(context.principal.scopes, resourceType, permission) === "all") return party;
  await deps.audit.refused(context, { interaction, resourceType, outcome: "8" });
  deps.metrics.refusedTokens.inc({ status: "403" });
  throw fhirError(
    403,
    "forbidden",
    party ? "The token's scopes do not allow this" : "Messages are exchanged by professionals and by the software of their organisations",
  );
}

/**
 * The name of whom a reference means.
 * @throws FhirError 422
 */
export function actorOf(reference: Reference | undefined, expression: string): string {
  const literal = /^(Practitioner|Organization)\/([A-Za-z0-9\-.]{1,64})$/.exec(reference?.reference ?? "");
  if (literal) return literal[0];
  const { system, value = "" } = reference?.identifier ?? {};
  const [, profession, organization = ""] = /^([a-z-]{1,40})@(.+)$/.exec(value) ?? [];
  if (system === roleSystem && profession && idPattern.test(organization)) return `role:${profession}@${organization}`;
  const ways = `Practitioner/id, Organization/id, or a profession at an organisation as identifier ${roleSystem}|physician@organisation-id`;
  throw fhirError(422, "value", `Name a person, a practice or a role here: ${ways}`, { expression });
}

/** The reference that means an actor. */
export function referenceTo(actor: string): Reference {
  return actor.startsWith("role:")
    ? { type: "PractitionerRole", identifier: { system: roleSystem, value: actor.slice("role:".length) } }
    : { reference: actor };
}
