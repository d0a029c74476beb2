import { syntheticMeta as meta } from "../../lib/demo-patients.ts";
import { coded, concept, document, labelled, note, person, place, quantity, type Told, visit } from "./elements.ts";

const [hoffmann, practice] = [person("hoffmann"), place("demo-practice")];
const active = coded("condition-clinical", "active");

/** Lucas, 36: asthma, an examination of the heart that his practice asks the hospital for, and no to any access in an emergency. */
export function lucas(): Told[] {
  const subject = { reference: "Patient/demo-lucas", display: "Lucas Test-Klein" };
  return [
    {
      ...{ resourceType: "Condition", id: "demo-lucas-problem", meta, clinicalStatus: active, subject, onsetDateTime: "2003" },
      ...{ code: concept("icd10", "J45.9", "Asthma bronchiale"), recorder: hoffmann },
    },
    {
      ...{ resourceType: "MedicationStatement", id: "demo-lucas-medication", meta, status: "active", subject },
      ...{ medicationCodeableConcept: concept("atc", "R03AC02", "Salbutamol Dosieraerosol"), effectivePeriod: { start: "2012-04-01" } },
      dosage: [{ text: "Bei Bedarf 1 bis 2 Hübe" }],
    },
    ...document({
      ...{ id: "demo-lucas-ecg", subject, author: hoffmann, custodian: practice, date: "2026-11-18T09:15:00Z" },
      type: concept("loinc", "34133-9", "Befund"),
      description: "Ruhe-EKG mit Befund",
      content: note(
        "de",
        "ekg.txt",
        "SYNTHETISCHES DOKUMENT.",
        "",
        "Ruhe-EKG: Sinusrhythmus, 88/min, einzelne ventrikuläre Extrasystolen.",
        "Kardiologische Abklärung.",
      ),
    }),
  ];
}

/** Emma, 40, sees her own record, her child's, and her mother Marie's, who made her her delegate; one document nobody but she sees. */
export function emma(): Told[] {
  const subject = { reference: "Patient/demo-emma", display: "Emma Test-Schmit" };
  return [
    {
      ...{ resourceType: "AllergyIntolerance", id: "demo-emma-allergy", meta, patient: subject, code: { text: "Latex" } },
      ...{ clinicalStatus: coded("allergyintolerance-clinical", "active"), criticality: "low", recorder: hoffmann },
    },
    ...document({
      ...{ id: "demo-emma-secret", subject, author: subject, date: "2026-08-30T12:00:00Z", meta: labelled("V") },
      type: concept("loinc", "51855-5", "Patient note"),
      description: "Only for me",
      content: note("en", "only-for-me.txt", "SYNTHETIC NOTE.", "", "Secret: no professional sees this, not even in an emergency."),
    }),
  ];
}

/** Noah, 7: a child's vaccinations and growth; his mother acts. */
export function noah(): Told[] {
  const subject = { reference: "Patient/demo-noah", display: "Noah Test-Schmit" };
  const given = (id: string, vaccineCode: object, occurrenceDateTime: string, dose: number): Told => ({
    ...{ resourceType: "Immunization", id, meta, status: "completed", vaccineCode, patient: subject, occurrenceDateTime },
    ...{ performer: [{ actor: hoffmann }], protocolApplied: [{ doseNumberPositiveInt: dose }] },
  });
  return [
    {
      ...{ resourceType: "RelatedPerson", id: "demo-noah-mother", meta, active: true, patient: subject, gender: "female" },
      ...{ name: [{ family: "Test-Schmit", given: ["Emma"] }], relationship: [coded("v3-RoleCode", "MTH")] },
    },
    given("demo-noah-vaccine-1", concept("atc", "J07CA09", "Hexavalent vaccine"), "2019-07-09", 1),
    given("demo-noah-vaccine-2", concept("atc", "J07CA09", "Hexavalent vaccine"), "2019-09-10", 2),
    given("demo-noah-vaccine-3", concept("atc", "J07BD52", "Measles, mumps, rubella"), "2020-05-12", 1),
    {
      ...{ resourceType: "Observation", id: "demo-noah-height", meta, status: "final", subject, effectiveDateTime: "2026-05-11T09:00:00Z" },
      ...{
        category: [coded("observation-category", "vital-signs")],
        code: concept("loinc", "8302-2", "Body height"),
        performer: [hoffmann],
      },
      valueQuantity: quantity(123, "cm"),
    },
  ];
}

/** Today at the practice. @param day YYYY-MM-DD */
export function agenda(day: string): Told[] {
  const expected = (id: string, status: string, patient: string, reason: string, start: string): Told =>
    visit({ id, status, subject: { reference: `Patient/${patient}` }, reason, period: { start } });
  return [
    expected("demo-agenda-1", "arrived", "demo-marie", "Test: Blutdruckkontrolle", `${day}T08:00:00Z`),
    expected("demo-agenda-2", "planned", "demo-lucas", "Test: EKG besprechen", `${day}T08:30:00Z`),
    expected("demo-agenda-3", "planned", "demo-noah", "Test: Kinderuntersuchung", `${day}T09:00:00Z`),
  ];
}
