import type { AnyResource } from "../../lib/fhir/validate.ts";

const syntheticTag = { system: "http://terminology.hl7.org/CodeSystem/v3-ActReason", code: "HTEST", display: "test health data" };
const meta = { tag: [syntheticTag] };

const people = [
  { suffix: "anna", given: "Anna", gender: "female", birthDate: "1961-04-12" },
  { suffix: "ben", given: "Ben", gender: "male", birthDate: "1984-09-30" },
  { suffix: "closed", given: "Carla", gender: "female", birthDate: "1975-01-20" },
] as const;

export function sandboxOrganization(id: string): string {
  return `sandbox-${id}`;
}

export function sandboxPatientIds(id: string): string[] {
  return people.map(({ suffix }) => `sandbox-${id}-${suffix}`);
}

/** The patient whose record is closed to the vendor's software: how it takes a refusal is part of the self-check. */
export function closedPatientId(id: string): string {
  return `sandbox-${id}-closed`;
}

/** A vendor's organisation, three invented patients, and what these allow the software of that organisation. */
export function sandboxResources({ id, name }: { id: string; name: string }): (AnyResource & { id: string })[] {
  const organization = sandboxOrganization(id);
  return [
    { resourceType: "Organization", id: organization, meta, active: true, name: `Test-Sandbox ${name}` },
    ...people.map(({ suffix, given, gender, birthDate }) => ({
      ...{ resourceType: "Patient", id: `sandbox-${id}-${suffix}`, meta, active: true },
      identifier: [{ system: "urn:dsp:synthetic-patient", value: `SANDBOX-${id}-${suffix}` }],
      name: [{ use: "official", family: `Test-Sandbox-${id}`, given: [given] }],
      ...{ gender, birthDate },
    })),
    ...people.map(({ suffix }) => consent(id, suffix, organization)),
  ];
}

/** Open to the vendor's software, or closed to it; to everybody else as the rules are. */
function consent(id: string, suffix: string, organization: string): AnyResource & { id: string } {
  const isClosed = suffix === "closed";
  return {
    ...{ resourceType: "Consent", id: `sandbox-${id}-${suffix}-consent`, meta, status: "active" },
    scope: { coding: [{ system: "http://terminology.hl7.org/CodeSystem/consentscope", code: "patient-privacy" }] },
    category: [{ coding: [{ system: "http://loinc.org", code: "59284-0" }] }],
    patient: { reference: `Patient/sandbox-${id}-${suffix}` },
    policyRule: { coding: [{ system: "http://terminology.hl7.org/CodeSystem/v3-ActCode", code: "OPTIN" }] },
    provision: {
      type: isClosed ? "deny" : "permit",
      ...(isClosed ? {} : { securityLabel: [{ system: "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", code: "R" }] }),
      actor: [
        {
          role: { coding: [{ system: "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", code: "IRCP" }] },
          reference: { reference: `Organization/${organization}` },
        },
      ],
    },
  };
}
