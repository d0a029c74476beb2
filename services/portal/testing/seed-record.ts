import type { RecordProcess } from "./record-process.ts";

const patient = { reference: "Patient/demo-marie" };
const hoffmann = { reference: "Practitioner/demo-hoffmann", display: "Dr Claire Test-Hoffmann" };
const loinc = (code: string, text: string) => ({ coding: [{ system: "http://loinc.org", code, display: text }], text });
const laboratory = [{ coding: [{ system: "http://terminology.hl7.org/CodeSystem/observation-category", code: "laboratory" }] }];
type Seeded = { resourceType: string; id: string; [element: string]: unknown };
/** A page of one line. */
const pdf = Buffer.from(
  "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj 3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 144]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF",
);

/** A record that is worth looking at: everything in it is invented. */
export async function seedRecord(record: RecordProcess): Promise<void> {
  for (const resource of [...people(), ...clinical(), ...documents()]) await record.put(resource);
}

function people(): Seeded[] {
  return [
    {
      ...{ resourceType: "Patient", id: "demo-marie", active: true, gender: "female", birthDate: "1958-03-14" },
      name: [{ use: "official", family: "Test-Weber", given: ["Marie"] }],
      identifier: [{ system: "urn:dsp:national-number", value: "1958031412345" }],
      generalPractitioner: [hoffmann],
    },
    { resourceType: "Practitioner", id: "demo-hoffmann", name: [{ family: "Test-Hoffmann", given: ["Claire"], prefix: ["Dr"] }] },
    { resourceType: "Practitioner", id: "demo-lentz", name: [{ family: "Test-Lentz", given: ["Paul"], prefix: ["Dr"] }] },
    { resourceType: "Organization", id: "demo-practice", name: "Test-Praxis Hoffmann" },
  ];
}

function clinical(): Seeded[] {
  const active = { coding: [{ system: "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", code: "active" }] };
  return [
    { resourceType: "AllergyIntolerance", id: "marie-allergy", clinicalStatus: active, patient, code: { text: "Test-Penicillin" } },
    {
      ...{ resourceType: "MedicationStatement", id: "marie-medication", status: "active", subject: patient },
      medicationCodeableConcept: { text: "Test-Metformin 500 mg" },
      dosage: [{ text: "1-0-1" }],
    },
    {
      ...{ resourceType: "Condition", id: "marie-condition", subject: patient, onsetDateTime: "2014-05" },
      clinicalStatus: { coding: [{ system: "http://terminology.hl7.org/CodeSystem/condition-clinical", code: "active" }] },
      code: { text: "Test-Diabetes type 2" },
    },
    {
      ...{ resourceType: "Immunization", id: "marie-vaccine", status: "completed", patient, occurrenceDateTime: "2024-10-03" },
      vaccineCode: { text: "Test-Influenza" },
    },
    ...[6.8, 7.1, 7.4, 6.9].map((value, place) => ({
      ...{ resourceType: "Observation", id: `marie-hba1c-${place}`, status: "final", category: laboratory, subject: patient },
      ...{ code: loinc("4548-4", "HbA1c"), effectiveDateTime: `2026-0${place * 2 + 1}-12T08:30:00Z`, performer: [hoffmann] },
      valueQuantity: { value, unit: "%", system: "http://unitsofmeasure.org", code: "%" },
      referenceRange: [{ low: { value: 4, unit: "%" }, high: { value: 6, unit: "%" } }],
    })),
    {
      ...{
        resourceType: "DiagnosticReport",
        id: "marie-report",
        status: "final",
        subject: patient,
        code: loinc("11502-2", "Laboratory report"),
      },
      ...{ effectiveDateTime: "2026-07-12T08:30:00Z", performer: [hoffmann], conclusion: "Test: no need to act." },
      result: [{ reference: "Observation/marie-hba1c-3" }],
    },
  ];
}

function documents(): Seeded[] {
  const binary = (id: string, contentType: string, data: Buffer) => ({
    ...{ resourceType: "Binary", id, contentType, securityContext: patient, data: data.toString("base64") },
  });
  const document = (id: string, description: string, date: string, attachment: object, more: object = {}) => ({
    ...{ resourceType: "DocumentReference", id, status: "current", subject: patient, date, description },
    ...{ type: loinc("34133-9", "Summary of episode note"), author: [hoffmann], content: [{ attachment }], ...more },
  });
  return [
    binary(
      "marie-letter-content",
      "text/plain; charset=utf-8",
      Buffer.from("Dear colleague,\n<b>Test</b> letter about an invented patient.\n"),
    ),
    document("marie-letter", "Discharge letter", "2026-08-02T10:00:00Z", {
      contentType: "text/plain",
      url: "Binary/marie-letter-content",
      title: "letter.txt",
    }),
    binary("marie-scan-content", "application/pdf", pdf),
    document("marie-scan", "Radiology: knee", "2026-09-20T15:00:00Z", {
      contentType: "application/pdf",
      url: "Binary/marie-scan-content",
      title: "knee.pdf",
    }),
    document(
      "marie-hidden",
      "Note of a conversation",
      "2026-10-01T09:00:00Z",
      { contentType: "text/plain", url: "Binary/marie-letter-content" },
      { meta: { security: [{ system: "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", code: "R" }] } },
    ),
  ];
}
