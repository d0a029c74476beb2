import type { Identifier, PatientLink } from "@medplum/fhirtypes";
import type { AnyResource } from "../../lib/fhir/validate.ts";
import { nationalNumberSystem } from "../../lib/national-number.ts";

/** What the source of a merge becomes: inactive, with a link to the survivor. */
export function replacedSource(source: AnyResource, targetId: string): AnyResource {
  return { ...source, active: false, link: [...linksOf(source), link("replaced-by", targetId)] };
}

/** What the target of a merge becomes: with a link to the source, and with its identifiers. */
export function replacingTarget(target: AnyResource, sourceId: string, added: readonly Identifier[]): AnyResource {
  const identifier = [...identifiersOf(target), ...added];
  const links = linksOf(target).filter((each) => !isLink(each, "replaces", sourceId));
  return { ...target, ...(identifier.length > 0 ? { identifier } : {}), link: [...links, link("replaces", sourceId)] };
}

/** The target without what a merge brought, other changes left as they are. */
export function separatedTarget(target: AnyResource, sourceId: string, added: readonly Identifier[]): AnyResource {
  const { identifier: _, link: _link, ...rest } = target;
  const gone = new Set(added.map(identity));
  const identifier = identifiersOf(target).filter((each) => !gone.has(identity(each)));
  const links = linksOf(target).filter((each) => !isLink(each, "replaces", sourceId));
  return { ...rest, ...(identifier.length > 0 ? { identifier } : {}), ...(links.length > 0 ? { link: links } : {}) };
}

/** Identifiers of the source that the target does not have. A number of the source's is an old one where the target has its own. */
export function addedIdentifiers(source: AnyResource, target: AnyResource): Identifier[] {
  const own = identifiersOf(target);
  const known = new Set(own.map(identity));
  const hasNumber = own.some(({ system, use }) => system === nationalNumberSystem && use !== "old");
  return identifiersOf(source)
    .filter((each) => !known.has(identity(each)))
    .map((each) => (each.system === nationalNumberSystem && !hasNumber ? each : { ...each, use: "old" }));
}

/** Identifiers that a patient lacks of those that it must have. */
export function missingIdentifiers(patient: AnyResource, wanted: readonly AnyResource[]): string[] {
  const present = new Set(identifiersOf(patient).map(identity));
  return [...new Set(wanted.flatMap(identifiersOf).map(identity))].filter((each) => !present.has(each));
}

function identifiersOf(patient: AnyResource): Identifier[] {
  return (patient.identifier ?? []) as Identifier[];
}

function linksOf(patient: AnyResource): PatientLink[] {
  return (patient.link ?? []) as PatientLink[];
}

function identity({ system, value }: Identifier): string {
  return `${system ?? ""}|${value ?? ""}`;
}

function link(type: "replaces" | "replaced-by", id: string): PatientLink {
  return { other: { reference: `Patient/${id}` }, type };
}

function isLink({ type, other }: PatientLink, wanted: string, id: string): boolean {
  return type === wanted && other.reference === `Patient/${id}`;
}
