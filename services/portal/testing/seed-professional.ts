import type { Resource } from "@medplum/fhirtypes";

type Seeded = { resourceType: string; id: string; [element: string]: unknown };

const patient = { reference: "Patient/demo-marie" };
const coded = (system: string, code: string) => ({ coding: [{ system: `http://terminology.hl7.org/CodeSystem/${system}`, code }] });

/** What the pages of professionals need beyond the record that patients' tests see. @param number Marie's national number */
export function professionalRecord(number: string): Seeded[] {
  return [
    {
      ...{ resourceType: "Patient", id: "demo-marie", active: true, gender: "female", birthDate: "1958-03-14" },
      name: [{ use: "official", family: "Test-Weber", given: ["Marie"] }],
      identifier: [{ system: "urn:dsp:national-number", value: number }],
      generalPractitioner: [{ reference: "Practitioner/demo-hoffmann" }],
    },
    {
      resourceType: "Patient",
      id: "demo-lucas",
      name: [{ use: "official", family: "Test-Klein", given: ["Lucas"] }],
      birthDate: "1990-11-02",
    },
    { resourceType: "Practitioner", id: "demo-reuter", name: [{ family: "Test-Reuter", given: ["Sonja"] }] },
    { resourceType: "Organization", id: "demo-hospital", name: "Test-Hôpital du Nord" },
    {
      ...{ resourceType: "AllergyIntolerance", id: "marie-allergy", patient, criticality: "high", code: { text: "Test-Penicillin" } },
      clinicalStatus: coded("allergyintolerance-clinical", "active"),
      reaction: [{ manifestation: [{ text: "Test rash" }], severity: "severe" }],
    },
    {
      ...{ resourceType: "DocumentReference", id: "pro-letter", status: "current", subject: patient, date: "2026-09-28T09:00:00Z" },
      ...{ description: "Test letter of the eye clinic", type: { text: "Letter" } },
      author: [{ reference: "Practitioner/demo-lentz", display: "Dr Paul Test-Lentz" }],
      content: [{ attachment: { contentType: "text/plain", url: "Binary/pro-letter-content", title: "letter.txt", size: 62 } }],
    },
    {
      ...{ resourceType: "Binary", id: "pro-letter-content", contentType: "text/plain; charset=utf-8", securityContext: patient },
      data: Buffer.from("Dear colleague,\n<b>Test</b> letter about an invented patient.\n").toString("base64"),
    },
    {
      ...{ resourceType: "Condition", id: "marie-old", subject: patient, code: { text: "Test-Bronchitis" }, onsetDateTime: "2019-02" },
      clinicalStatus: coded("condition-clinical", "resolved"),
    },
  ];
}

/** The registry's side of the same people. */
export function directory(number: string): Resource[] {
  const role = (person: string, place: string, profession: string): Resource => ({
    ...{ resourceType: "PractitionerRole", id: `${person}-role`, active: true },
    ...{ practitioner: { reference: `Practitioner/${person}` }, organization: { reference: `Organization/${place}` } },
    code: [{ coding: [{ system: "urn:dsp:profession", code: profession }] }],
  });
  return [
    {
      ...{ resourceType: "Patient", id: "demo-marie", gender: "female", birthDate: "1958-03-14", address: [{ city: "Testhausen" }] },
      name: [{ use: "official", family: "Test-Weber", given: ["Marie"] }],
      identifier: [{ system: "urn:dsp:national-number", value: number }],
    },
    { resourceType: "Practitioner", id: "demo-hoffmann", name: [{ family: "Test-Hoffmann", given: ["Claire"], prefix: ["Dr"] }] },
    { resourceType: "Practitioner", id: "demo-lentz", name: [{ family: "Test-Lentz", given: ["Paul"], prefix: ["Dr"] }] },
    { resourceType: "Practitioner", id: "demo-reuter", name: [{ family: "Test-Reuter", given: ["Sonja"] }] },
    { resourceType: "Organization", id: "demo-practice", name: "Test-Praxis Hoffmann", address: [{ city: "Testhausen" }] },
    { resourceType: "Organization", id: "demo-hospital", name: "Test-Hôpital du Nord", address: [{ city: "Probstadt" }] },
    role("demo-hoffmann", "demo-practice", "physician"),
    role("demo-lentz", "demo-hospital", "physician"),
    role("demo-reuter", "demo-hospital", "nurse"),
  ];
}
