import type { AnyResource } from "../../lib/fhir/validate.ts";
import { type FhirError, fhirError } from "../../lib/operation-outcome.ts";
import { type Level, labelledLevel, levels } from "./confidentiality.ts";
import { type DocumentType, documentTypes } from "./document-types.ts";
import { professions } from "./professions.ts";

/** One thing that a patient decided, or that an emergency opened. */
export interface AccessRule {
  patientId: string;
  kind: "permit" | "deny" | "default-level" | "emergency-objection";
  /** `*`, `profession:nurse`, `Organization/1`, `Practitioner/1`, `delegate:RelatedPerson/1`. */
  actor: string;
  /** How closely the actor is named. The closest rule that fits decides; of two, the denial. */
  specificity: (typeof specificities)[keyof typeof specificities];
  /** Permits up to this level; denies from it on; new parts get it (default-level). */
  level: Level;
  /** Undefined: all. */
  categories?: DocumentType[];
  /** Instants; undefined: without end. */
  from?: string;
  to?: string;
}

export const specificities = { everybody: 0, profession: 1, organization: 2, person: 3, emergency: 4 } as const;

export const documentTypeSystem = "urn:dsp:document-type";
export const professionSystem = "urn:dsp:profession";
/** Of Consent.category: `default-level`. */
export const consentKindSystem = "urn:dsp:consent-kind";
const actReason = "http://terminology.hl7.org/CodeSystem/v3-ActReason";

interface Coding {
  system?: string;
  code?: string;
}

interface Provision {
  type?: "permit" | "deny";
  period?: { start?: string; end?: string };
  actor?: { reference?: { reference?: string; identifier?: { system?: string; value?: string } } }[];
  purpose?: Coding[];
  securityLabel?: Coding[];
  class?: Coding[];
  provision?: Provision[];
  [other: string]: unknown;
}

const understood = new Set(["id", "type", "period", "actor", "purpose", "securityLabel", "class", "provision"]);

/**
 * What a Consent means. One that is not active means nothing; one that says something this server cannot hold to is refused, since a
 * patient would rely on it.
 * @throws FhirError 422
 */
export function rulesOf(consent: AnyResource, patientId: string | undefined): AccessRule[] {
  const { status, category, provision } = consent as { status?: string; category?: { coding?: Coding[] }[]; provision?: Provision };
  if (status !== "active" || !provision) return [];
  if (patientId === undefined) throw notHeld("It names no patient", "Consent.patient");
  const isDefault = category?.some(({ coding }) =>
    coding?.some(({ system, code }) => system === consentKindSystem && code === "default-level"),
  );
  return provisionRules(provision, { patientId, isDefault: isDefault ?? false, path: "Consent.provision" });
}

function provisionRules(provision: Provision, about: { patientId: string; isDefault: boolean; path: string }): AccessRule[] {
  const { patientId, isDefault, path } = about;
  const odd = Object.keys(provision).find((name) => !understood.has(name));
  if (odd !== undefined) throw notHeld(`It cannot hold to "${odd}"`, `${path}.${odd}`);
  const level = levelOf(provision, path);
  const shared = { patientId, ...periodOf(provision, path), ...categoriesOf(provision, path) };
  const everybody = { actor: "*", specificity: specificities.everybody };
  if (isDefault) return [{ ...shared, ...everybody, kind: "default-level", level: level ?? levels.normal }];
  if (provision.purpose !== undefined) {
    const isEmergency = provision.purpose.every(({ system, code }) => system === actReason && code === "ETREAT");
    if (!isEmergency || provision.type !== "deny" || provision.actor) {
      throw notHeld("The only purpose it knows is a denial of emergency access (ETREAT) to everybody", `${path}.purpose`);
    }
    return [{ ...shared, ...everybody, kind: "emergency-objection", level: levels.normal }];
  }
  const actors =
    provision.actor === undefined ? [everybody] : provision.actor.map((actor, place) => actorOf(actor, `${path}.actor[${place}]`));
  const own =
    provision.type === undefined
      ? []
      : actors.map((actor): AccessRule => ({ ...shared, ...actor, kind: provision.type ?? "deny", level: level ?? 0 }));
  const nested = (provision.provision ?? []).flatMap((each, place) =>
    provisionRules(each, { ...about, path: `${path}.provision[${place}]` }),
  );
  return [...own, ...nested];
}

function levelOf({ securityLabel }: Provision, path: string): Level | undefined {
  const level = labelledLevel(securityLabel);
  if (securityLabel !== undefined && level === undefined) {
    throw notHeld("The labels it knows are HL7's confidentiality codes N, R and V", `${path}.securityLabel`);
  }
  return level;
}

function categoriesOf({ class: classes }: Provision, path: string): { categories?: DocumentType[] } {
  if (classes === undefined) return {};
  const known = classes.map(({ system, code }) => documentTypes.find((type) => system === documentTypeSystem && type === code));
  const categories = known.filter((type) => type !== undefined);
  if (categories.length !== known.length) {
    throw notHeld(`The classes it knows are ${documentTypes.join(", ")} of ${documentTypeSystem}`, `${path}.class`);
  }
  return { categories };
}

function periodOf({ period }: Provision, path: string): { from?: string; to?: string } {
  const instant = (text: string | undefined, ofDay: string): string | undefined => {
    if (text === undefined) return undefined;
    const atMs = Date.parse(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}${ofDay}` : text);
    if (Number.isNaN(atMs) || text.length < 10) throw notHeld("A period begins and ends with a day or an instant", `${path}.period`);
    return new Date(atMs).toISOString();
  };
  const from = instant(period?.start, "T00:00:00Z");
  const to = instant(period?.end, "T23:59:59.999Z");
  return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
}

const kinds: Record<string, { prefix: string; specificity: AccessRule["specificity"] }> = {
  Practitioner: { prefix: "", specificity: specificities.person },
  Organization: { prefix: "", specificity: specificities.organization },
  RelatedPerson: { prefix: "delegate:", specificity: specificities.person },
  Patient: { prefix: "delegate:", specificity: specificities.person },
};

function actorOf(actor: NonNullable<Provision["actor"]>[number], path: string): Pick<AccessRule, "actor" | "specificity"> {
  const { reference = "", identifier } = actor.reference ?? {};
  const kind = /^([A-Za-z]+)\/[A-Za-z0-9\-.]{1,64}$/.exec(reference)?.[1];
  const known = kind === undefined ? undefined : kinds[kind];
  if (known) return { actor: `${known.prefix}${reference}`, specificity: known.specificity };
  if (identifier?.system === professionSystem && professions.has(identifier.value ?? "")) {
    return { actor: `profession:${identifier.value}`, specificity: specificities.profession };
  }
  throw notHeld(
    `The actors it knows are Practitioner, Organization, RelatedPerson and Patient, and by identifier the professions of ${professionSystem}`,
    path,
  );
}

function notHeld(why: string, expression: string): FhirError {
  return fhirError(422, "not-supported", `This server would not hold to this consent. ${why}`, { expression });
}
