import type { BundleEntry, Consent, ConsentProvision, ConsentProvisionActor } from "@medplum/fhirtypes";
import type { Caller } from "../../clients/caller.ts";
import type { RecordClient } from "../../clients/record.ts";
import type { DocumentType } from "../../layout/document-types.ts";
import { type Level, levelCodes } from "./entry.ts";

/** What a Consent of this portal is for. */
export type ConsentKind = "access-rule" | "delegate" | "default-level" | "emergency-objection" | "closed";

/** As the record reads them: services/record/rights/rules.ts. */
const kindSystem = "urn:dsp:consent-kind";
const documentTypeSystem = "urn:dsp:document-type";
const professionSystem = "urn:dsp:profession";
const confidentialitySystem = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";
const actReason = { system: "http://terminology.hl7.org/CodeSystem/v3-ActReason", code: "ETREAT" };
/** On a permission that a closed record has put aside. */
const suspended = { system: kindSystem, code: "suspended" };

/** One decision of the patient's about somebody. */
export interface Rule {
  /** `Practitioner/1`, `Organization/1`, `profession:nurse`, `Patient/1` (who acts for the patient). */
  who: string;
  display: string;
  type: "permit" | "deny";
  /** Up to which level somebody may see. */
  level: Level;
  /** Empty: all. */
  documentTypes: readonly DocumentType[];
  /** The last day; undefined: without end. */
  until?: string | undefined;
}

export function kindOf({ category, provision }: Consent): ConsentKind {
  const code = category.flatMap(({ coding }) => coding ?? []).find(({ system }) => system === kindSystem)?.code;
  if (code === "default-level" || code === "closed" || code === "delegate" || code === "emergency-objection") return code;
  return provision?.purpose ? "emergency-objection" : "access-rule";
}

export function consentOf(patientId: string, kind: ConsentKind, provision: ConsentProvision): Consent {
  return {
    resourceType: "Consent",
    status: "active",
    scope: { coding: [{ system: "http://terminology.hl7.org/CodeSystem/consentscope", code: "patient-privacy" }] },
    category: [{ coding: [{ system: kindSystem, code: kind }] }],
    patient: { reference: `Patient/${patientId}` },
    dateTime: new Date().toISOString(),
    policyRule: {
      coding: [{ system: "http://terminology.hl7.org/CodeSystem/v3-ActCode", code: provision.type === "deny" ? "OPTOUT" : "OPTIN" }],
    },
    provision,
  };
}

export function provisionOf({ who, display, type, level, documentTypes, until }: Rule): ConsentProvision {
  const profession = /^profession:(.+)$/.exec(who)?.[1];
  const reference = profession === undefined ? { reference: who } : { identifier: { system: professionSystem, value: profession } };
  const label = { system: confidentialitySystem, code: levelCodes[level] };
  return {
    type,
    actor: [
      {
        role: { coding: [{ system: "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", code: "IRCP" }] },
        reference: { ...reference, display },
      },
    ],
    // A denial holds from its level on: from the lowest, it holds for everything.
    ...(type === "permit" ? { securityLabel: [label] } : {}),
    ...(documentTypes.length > 0 ? { class: documentTypes.map((code) => ({ system: documentTypeSystem, code })) } : {}),
    ...(until === undefined ? {} : { period: { end: until } }),
  };
}

/** What a Consent says about its first actor; undefined: it is not about somebody. */
export function ruleOf({ provision }: Consent): Rule | undefined {
  const who = provision?.actor?.[0] && whoOf(provision.actor[0]);
  if (!provision || who === undefined || provision.type === undefined) return undefined;
  const code = provision.securityLabel?.[0]?.code;
  return {
    who,
    display: provision.actor?.[0]?.reference?.display ?? who,
    type: provision.type,
    level: code === "V" ? "secret" : code === "R" ? "restricted" : "normal",
    documentTypes: (provision.class ?? []).flatMap((each) =>
      each.system === documentTypeSystem && each.code ? [each.code as DocumentType] : [],
    ),
    until: provision.period?.end,
  };
}

function whoOf({ reference }: ConsentProvisionActor): string | undefined {
  const { identifier, reference: link } = reference ?? {};
  return link ?? (identifier?.system === professionSystem ? `profession:${identifier.value}` : undefined);
}

/** The level of new parts: normal unless the patient said otherwise. */
export function defaultLevelOf(consents: readonly Consent[]): Level {
  const code = consents.find((consent) => kindOf(consent) === "default-level")?.provision?.securityLabel?.[0]?.code;
  return code === "V" ? "secret" : code === "R" ? "restricted" : "normal";
}

export function defaultLevelProvision(level: Level): ConsentProvision {
  return { type: "permit", securityLabel: [{ system: confidentialitySystem, code: levelCodes[level] }] };
}

export const emergencyProvision: ConsentProvision = { type: "deny", purpose: [actReason] };

/** Nobody, also not in an emergency. */
const closedProvision: ConsentProvision = { type: "deny", provision: [emergencyProvision] };

/** All that the patient decided and that holds. */
export async function activeConsents(caller: Caller, record: RecordClient, patientId: string): Promise<Consent[]> {
  return (await record.search<Consent>(caller, "Consent", { patient: patientId, status: "active", _count: "200" })).found;
}

/** With it the consent means nothing any more; it stays in the record's history. */
export function ended(consent: Consent): Consent {
  return { ...consent, status: "inactive" };
}

export function written(consent: Consent): BundleEntry {
  const version = consent.meta?.versionId;
  return consent.id === undefined
    ? { resource: consent, request: { method: "POST", url: "Consent" } }
    : {
        resource: consent,
        request: { method: "PUT", url: `Consent/${consent.id}`, ...(version === undefined ? {} : { ifMatch: `W/"${version}"` }) },
      };
}

/** Closes a record: a denial to everybody, and every permission put aside, since a closer rule would win over the denial. */
export function closing(patientId: string, active: readonly Consent[]): BundleEntry[] {
  const permissions = active.filter((consent) => ruleOf(consent)?.type === "permit");
  return [
    written(consentOf(patientId, "closed", closedProvision)),
    ...permissions.map((consent) =>
      written({ ...ended(consent), meta: { ...consent.meta, tag: [...(consent.meta?.tag ?? []), suspended] } }),
    ),
  ];
}

/** Opens it as it was. */
export function reopening(closed: readonly Consent[], inactive: readonly Consent[]): BundleEntry[] {
  const isSuspended = (consent: Consent): boolean =>
    consent.meta?.tag?.some(({ system, code }) => system === suspended.system && code === suspended.code) ?? false;
  const restored = inactive.filter(isSuspended).map((consent): Consent => {
    const tag = (consent.meta?.tag ?? []).filter(({ code }) => code !== suspended.code);
    return { ...consent, status: "active", meta: { ...consent.meta, tag } };
  });
  return [...closed.map(ended), ...restored].map(written);
}
