import { syntheticMeta } from "../../lib/demo-patients.ts";
import { demoOrganizations, demoPeople } from "../../lib/demo-people.ts";
import type { AnyResource } from "../../lib/fhir/validate.ts";

/** A resource under its fixed id. */
export type Told = AnyResource & { id: string };

const terminology = "http://terminology.hl7.org/CodeSystem";
export const confidentialitySystem = `${terminology}/v3-Confidentiality`;
export const actReasonSystem = `${terminology}/v3-ActReason`;

const systems = {
  loinc: "http://loinc.org",
  sct: "http://snomed.info/sct",
  atc: "http://www.whocc.no/atc",
  icd10: "http://hl7.org/fhir/sid/icd-10",
} as const;

/** A concept in one code system, with the words that its readers read. */
export function concept(system: keyof typeof systems, code: string, text: string): object {
  return { coding: [{ system: systems[system], code }], text };
}

/** A code of HL7's terminology server, which nobody reads. */
export function coded(system: string, code: string): { coding: object[] } {
  return { coding: [{ system: `${terminology}/${system}`, code }] };
}

export function person(login: string): { reference: string; display: string } {
  const found = demoPeople.find((each) => each.login === login);
  if (!found) throw new Error(`there is no demo person ${login}`);
  const { practitionerId, patientId, given, family } = found;
  return {
    reference: practitionerId === undefined ? `Patient/${patientId}` : `Practitioner/${practitionerId}`,
    display: `${given} ${family}`,
  };
}

export function place(id: string): { reference: string; display: string } {
  const found = demoOrganizations.find((each) => each.id === id);
  if (!found) throw new Error(`there is no demo organisation ${id}`);
  return { reference: `Organization/${id}`, display: found.name };
}

/** Made known to nobody but those whom the patient permits the level. */
export function labelled(code: "R" | "V"): object {
  return { ...syntheticMeta, security: [{ system: confidentialitySystem, code }] };
}

/** A value with a unit of UCUM. */
export function quantity(value: number, unit: string, code = unit): object {
  return { value, unit, system: "http://unitsofmeasure.org", code };
}

/** Bytes with what describes them. */
export function document(about: {
  id: string;
  subject: object;
  author: object;
  custodian?: object;
  /** Instant. */
  date: string;
  type: object;
  description: string;
  content: { contentType: string; bytes: Buffer; language: string; title: string };
  meta?: object;
}): Told[] {
  const { id, subject, author, custodian, date, type, description, content, meta = syntheticMeta } = about;
  const { contentType, bytes, language, title } = content;
  const binaryId = `${id}-content`;
  return [
    {
      ...{ resourceType: "Binary", id: binaryId, meta, contentType, securityContext: subject },
      data: bytes.toString("base64"),
    },
    {
      ...{ resourceType: "DocumentReference", id, meta, status: "current", type, subject, date, description },
      author: [author],
      ...(custodian ? { custodian } : {}),
      content: [{ attachment: { contentType, language, url: `Binary/${binaryId}`, title, size: bytes.length } }],
    },
  ];
}

/** A document's content, in plain text. */
export function note(language: string, title: string, ...lines: string[]): Parameters<typeof document>[0]["content"] {
  return { contentType: "text/plain; charset=utf-8", language, title, bytes: Buffer.from(`${lines.join("\n")}\n`) };
}

/** Somebody comes to the practice. */
export function visit(about: {
  id: string;
  status: string;
  subject: object;
  reason: string;
  period: { start: string; end?: string };
}): Told {
  const { reason, ...rest } = about;
  return {
    ...{ resourceType: "Encounter", meta: syntheticMeta, ...rest },
    class: { system: `${terminology}/v3-ActCode`, code: "AMB", display: "ambulatory" },
    ...{ reasonCode: [{ text: reason }], participant: [{ individual: person("hoffmann") }], serviceProvider: place("demo-practice") },
  };
}
