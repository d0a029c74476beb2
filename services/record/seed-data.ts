import type { AnyResource } from "../lib/fhir/validate.ts";

/** One synthetic resource under a fixed id, so that seeding again finds it done. */
export interface SeedResource {
  type: string;
  id: string;
  resource: AnyResource;
}

const given = ["Ada", "Ben", "Clea", "Dan", "Eva", "Finn", "Gil", "Hana", "Ivo", "Jana", "Karl", "Lia"];
const places = ["Musterdorf", "Beispielingen", "Probstadt"];
const observations = [
  { code: "8867-4", display: "Heart rate", unit: "/min", base: 62, step: 3 },
  { code: "29463-7", display: "Body weight", unit: "kg", base: 58, step: 4 },
  { code: "8310-5", display: "Body temperature", unit: "Cel", base: 36, step: 0.2 },
];

const count = 36;
/** Nobody has these identifiers: the system is this project's own, for synthetic data only. */
const identifierSystem = "urn:dsp:synthetic-patient";
const syntheticTag = { system: "http://terminology.hl7.org/CodeSystem/v3-ActReason", code: "HTEST", display: "test health data" };
const meta = { tag: [syntheticTag] };

/** A few dozen plainly synthetic patients with observations and documents; the same ones every time. */
export function seedData(): SeedResource[] {
  return Array.from({ length: count }, (_, number) => patientRecord(number)).flat();
}

function patientRecord(number: number): SeedResource[] {
  const label = String(number + 1).padStart(2, "0");
  const id = `test-patient-${label}`;
  const year = 1940 + ((number * 7) % 80);
  const patient = {
    resourceType: "Patient",
    id,
    meta,
    active: true,
    identifier: [{ system: identifierSystem, value: `TEST-${label}` }],
    name: [{ use: "official", family: `Test-${label}`, given: [given[number % given.length] ?? "Ada"] }],
    gender: number % 2 === 0 ? "female" : "male",
    birthDate: `${year}-${String((number % 12) + 1).padStart(2, "0")}-${String((number % 28) + 1).padStart(2, "0")}`,
    address: [{ line: [`Teststrooss ${number + 1}`], city: places[number % places.length], country: "LU" }],
  };
  return [{ type: "Patient", id, resource: patient }, ...observationsOf(number, label, id), ...documentOf(number, label, id)];
}

function observationsOf(number: number, label: string, patientId: string): SeedResource[] {
  return observations.map(({ code, display, unit, base, step }, index) => {
    const id = `test-observation-${label}-${index + 1}`;
    const resource = {
      resourceType: "Observation",
      id,
      meta,
      status: "final",
      category: [{ coding: [{ system: "http://terminology.hl7.org/CodeSystem/observation-category", code: "vital-signs" }] }],
      code: { coding: [{ system: "http://loinc.org", code, display }] },
      subject: { reference: `Patient/${patientId}` },
      effectiveDateTime: `2025-${String((number % 12) + 1).padStart(2, "0")}-${String(((number + index) % 28) + 1).padStart(2, "0")}T09:00:00Z`,
      valueQuantity: {
        value: Math.round((base + step * (number % 9)) * 10) / 10,
        unit,
        system: "http://unitsofmeasure.org",
        code: unit,
      },
    };
    return { type: "Observation", id, resource };
  });
}

function documentOf(number: number, label: string, patientId: string): SeedResource[] {
  const text = `SYNTHETIC TEST DOCUMENT\nLetter about the invented patient Test-${label}. Nothing in it is true.\n`;
  const binaryId = `test-binary-${label}`;
  const binary = {
    resourceType: "Binary",
    id: binaryId,
    meta,
    contentType: "text/plain; charset=utf-8",
    securityContext: { reference: `Patient/${patientId}` },
    data: Buffer.from(text).toString("base64"),
  };
  const id = `test-document-${label}`;
  const document = {
    resourceType: "DocumentReference",
    id,
    meta,
    status: "current",
    type: { coding: [{ system: "http://loinc.org", code: "34133-9", display: "Summary of episode note" }] },
    subject: { reference: `Patient/${patientId}` },
    date: `2025-${String((number % 12) + 1).padStart(2, "0")}-20T10:00:00Z`,
    description: "Synthetic test letter",
    content: [
      {
        attachment: { contentType: "text/plain", url: `Binary/${binaryId}`, title: `Test letter ${label}`, size: Buffer.byteLength(text) },
      },
    ],
  };
  return [
    { type: "Binary", id: binaryId, resource: binary },
    { type: "DocumentReference", id, resource: document },
  ];
}
