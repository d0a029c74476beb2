/** Plainly synthetic patients: a block of them is written through the API, further blocks are copies under other ids (multiply.ts). */

interface Resource {
  resourceType: string;
  [element: string]: unknown;
}

/** Patients in a block. */
export const blockPatients = 100;
/** Resources of one patient, the Patient among them. */
export const patientResources = 10;

const blockDigits = 4;
const numberDigits = 5;
const blocksMax = 10 ** blockDigits;
export const patientsMax = blockPatients * blocksMax;

/** How script.js makes the id of a patient. */
export const patientIds = { template: "bench-<block>-<number>", blockPatients, blockDigits, numberDigits } as const;

/** What the ids of a block's resources begin with; texts of the block contain it where they name one of its resources, and nowhere else. */
export function blockPrefix(block: number): string {
  return `bench-${String(block).padStart(blockDigits, "0")}-`;
}

/** The id of a patient of a block, counted from 0. */
export function patientId(block: number, number: number): string {
  return `${blockPrefix(block)}${String(number).padStart(numberDigits, "0")}`;
}

const loinc = "http://loinc.org";
const snomed = "http://snomed.info/sct";
const ucum = "http://unitsofmeasure.org";
const terminology = "http://terminology.hl7.org/CodeSystem";
const meta = { tag: [{ system: `${terminology}/v3-ActReason`, code: "HTEST", display: "test health data" }] };

const vitals = [
  { code: "8867-4", display: "Heart rate", unit: "/min", value: 62 },
  { code: "29463-7", display: "Body weight", unit: "kg", value: 71 },
  { code: "8310-5", display: "Body temperature", unit: "Cel", value: 36.6 },
  { code: "8302-2", display: "Body height", unit: "cm", value: 171 },
] as const;

function coded(system: string, code: string, display: string): object {
  return { coding: [{ system, code, display }], text: display };
}

function day(number: number): string {
  return `2025-${String((number % 12) + 1).padStart(2, "0")}-${String((number % 28) + 1).padStart(2, "0")}`;
}

function patient(label: string, number: number): Resource {
  return {
    resourceType: "Patient",
    meta,
    active: true,
    identifier: [{ system: "urn:dsp:synthetic-patient", value: label }],
    name: [{ use: "official", family: `Test-${label}`, given: ["Ada", "Ben"] }],
    gender: number % 2 === 0 ? "female" : "male",
    birthDate: `${1940 + (number % 80)}-${day(number).slice(5)}`,
    address: [{ line: [`Teststrooss ${number + 1}`], city: "Musterdorf", country: "LU" }],
  };
}

function observation(reference: string, number: number): Resource {
  const { code, display, unit, value } = vitals[number % vitals.length] ?? vitals[0];
  return {
    resourceType: "Observation",
    meta,
    status: "final",
    category: [coded(`${terminology}/observation-category`, "vital-signs", "Vital Signs")],
    code: coded(loinc, code, display),
    subject: { reference },
    effectiveDateTime: `${day(number)}T09:00:00Z`,
    valueQuantity: { value, unit, system: ucum, code: unit },
  };
}

function condition(reference: string, number: number): Resource {
  const codes = [
    ["38341003", "Hypertension"],
    ["44054006", "Diabetes mellitus type 2"],
  ] as const;
  const [code, display] = codes[number % codes.length] ?? codes[0];
  return {
    resourceType: "Condition",
    meta,
    clinicalStatus: coded(`${terminology}/condition-clinical`, "active", "Active"),
    verificationStatus: coded(`${terminology}/condition-ver-status`, "confirmed", "Confirmed"),
    category: [coded(`${terminology}/condition-category`, "problem-list-item", "Problem List Item")],
    code: coded(snomed, code, display),
    subject: { reference },
    onsetDateTime: day(number),
  };
}

function medication(reference: string, number: number): Resource {
  return {
    resourceType: "MedicationStatement",
    meta,
    status: "active",
    medicationCodeableConcept: coded("http://www.whocc.no/atc", "C09AA05", "ramipril"),
    subject: { reference },
    effectivePeriod: { start: day(number) },
    dosage: [{ text: "One tablet in the morning" }],
  };
}

function allergy(reference: string, number: number): Resource {
  return {
    resourceType: "AllergyIntolerance",
    meta,
    clinicalStatus: coded(`${terminology}/allergyintolerance-clinical`, "active", "Active"),
    verificationStatus: coded(`${terminology}/allergyintolerance-verification`, "confirmed", "Confirmed"),
    code: coded(snomed, "91936005", "Allergy to penicillin"),
    patient: { reference },
    onsetDateTime: day(number),
  };
}

function immunization(reference: string, number: number): Resource {
  return {
    resourceType: "Immunization",
    meta,
    status: "completed",
    vaccineCode: coded(snomed, "871875004", "Diphtheria and tetanus vaccine"),
    patient: { reference },
    occurrenceDateTime: day(number),
  };
}

function encounter(reference: string, number: number): Resource {
  return {
    resourceType: "Encounter",
    meta,
    status: "finished",
    class: { system: `${terminology}/v3-ActCode`, code: "AMB", display: "ambulatory" },
    subject: { reference },
    period: { start: `${day(number)}T08:30:00Z`, end: `${day(number)}T09:15:00Z` },
  };
}

/** One patient of the first block with all that is in the record, under fixed ids. */
function recordOf(number: number): Resource[] {
  const id = patientId(0, number);
  const reference = `Patient/${id}`;
  const parts = [
    ...[0, 1].map((part) => ({ name: `condition-${part + 1}`, resource: condition(reference, number + part) })),
    { name: "allergy-1", resource: allergy(reference, number) },
    { name: "medication-1", resource: medication(reference, number) },
    { name: "immunization-1", resource: immunization(reference, number) },
    ...[0, 1, 2, 3].map((part) => ({ name: `observation-${part + 1}`, resource: observation(reference, part) })),
  ];
  return [{ ...patient(id, number), id }, ...parts.map(({ name, resource }) => ({ ...resource, id: `${id}-${name}` }))];
}

/** The first block as transaction Bundles of five patients each. */
export function seedBundles(patients: number): object[] {
  const perBundle = 5;
  return Array.from({ length: Math.ceil(patients / perBundle) }, (_, bundle) => {
    const first = bundle * perBundle;
    const numbers = Array.from({ length: Math.min(perBundle, patients - first) }, (_, place) => first + place);
    const entry = numbers.flatMap(recordOf).map((resource) => ({
      resource,
      request: { method: "PUT", url: `${resource.resourceType}/${resource.id}` },
    }));
    return { resourceType: "Bundle", type: "transaction", entry };
  });
}

/** A new Observation of any patient. */
export const observationTemplate = JSON.stringify({ ...observation("Patient/<patient>", 0), note: [{ text: "<unique>" }] });

/** The next version of a patient's first Observation. */
export const updatedObservation = JSON.stringify({
  ...{ ...observation("Patient/<patient>", 0), id: "<patient>-observation-1" },
  note: [{ text: "<unique>" }],
});

/** A new patient with a record, as one transaction: the others refer to the Patient by its fullUrl. */
export function bundleTemplate(resources: number): string {
  const subject = "urn:uuid:5d8a5a38-6a0c-4d5e-9a53-0f3c2d1b7e10";
  const made = [
    patient("<unique>", 0),
    encounter(subject, 0),
    ...[0, 1, 2, 3].map((number) => condition(subject, number)),
    ...[0, 1, 2, 3].map((number) => medication(subject, number)),
  ];
  const rest = Array.from({ length: resources - made.length }, (_, number) => observation(subject, number));
  const entry = [...made, ...rest].map((resource, place) => ({
    ...(place === 0 ? { fullUrl: subject } : {}),
    resource,
    request: { method: "POST", url: resource.resourceType },
  }));
  return JSON.stringify({ resourceType: "Bundle", type: "transaction", entry });
}
