import { syntheticMeta as meta } from "../../lib/demo-patients.ts";
import { coded, concept, document, labelled, note, person, place, quantity, type Told, visit } from "./elements.ts";
import { pdfOf } from "./pdf.ts";

const subject = { reference: "Patient/demo-marie", display: "Marie Test-Weber" };
const [hoffmann, lentz, hospital, practice, laboratory] = [
  person("hoffmann"),
  person("lentz"),
  place("demo-hospital"),
  place("demo-practice"),
  place("demo-laboratory"),
];

/**
 * Marie, 68: diabetes and high blood pressure for years, a pneumonia in hospital last winter, a knee that hurts, and a note of a talk that
 * she shows to nobody. Her daughter may see the rest.
 */
export function marie(): Told[] {
  return [...problems(), ...medication(), ...immunizations(), ...encounters(), ...laboratoryResults(), ...measurements(), ...documents()];
}

function problems(): Told[] {
  const clinical = (code: string) => coded("condition-clinical", code);
  const verificationStatus = coded("condition-ver-status", "confirmed");
  const problem = (id: string, code: object, onsetDateTime: string, more: object): Told => ({
    ...{ resourceType: "Condition", id, meta, verificationStatus, code, subject, onsetDateTime, recorder: hoffmann },
    category: [coded("condition-category", "problem-list-item")],
    ...more,
  });
  const allergy = (id: string, code: object, more: object): Told => ({
    ...{ resourceType: "AllergyIntolerance", id, meta, type: "allergy", patient: subject, code, recorder: hoffmann },
    clinicalStatus: coded("allergyintolerance-clinical", "active"),
    verificationStatus: coded("allergyintolerance-verification", "confirmed"),
    ...more,
  });
  return [
    allergy("demo-marie-allergy-1", concept("sct", "91936005", "Pénicilline"), {
      ...{ category: ["medication"], criticality: "high", onsetDateTime: "1987-06" },
      reaction: [{ manifestation: [{ text: "Urticaire généralisée, gêne respiratoire" }], severity: "severe" }],
    }),
    allergy(
      "demo-marie-allergy-2",
      { text: "Pollen de bouleau" },
      {
        ...{ category: ["environment"], criticality: "low" },
        reaction: [{ manifestation: [{ text: "Rhinite" }], severity: "mild" }],
      },
    ),
    problem("demo-marie-problem-1", concept("icd10", "E11.9", "Diabète de type 2"), "2014-05-06", { clinicalStatus: clinical("active") }),
    problem("demo-marie-problem-2", concept("icd10", "I10", "Hypertension artérielle"), "2011-02", { clinicalStatus: clinical("active") }),
    problem("demo-marie-problem-3", concept("icd10", "M17.1", "Gonarthrose droite"), "2026-03", { clinicalStatus: clinical("active") }),
    problem("demo-marie-problem-4", concept("icd10", "J15.9", "Pneumonie bactérienne"), "2026-01-12", {
      ...{ clinicalStatus: clinical("resolved"), abatementDateTime: "2026-02-03", recorder: lentz },
    }),
  ];
}

function medication(): Told[] {
  const taken = (id: string, medicationCodeableConcept: object, dosage: string, start: string): Told => ({
    ...{ resourceType: "MedicationStatement", id, meta, status: "active", medicationCodeableConcept, subject },
    ...{ effectivePeriod: { start }, informationSource: hoffmann, dosage: [{ text: dosage }] },
  });
  return [
    taken(
      "demo-marie-medication-1",
      concept("atc", "A10BA02", "Metformine 850 mg"),
      "1 comprimé matin et soir, pendant le repas",
      "2014-06-01",
    ),
    taken("demo-marie-medication-2", concept("atc", "C09AA05", "Ramipril 5 mg"), "1 comprimé le matin", "2019-09-15"),
    taken("demo-marie-medication-3", concept("atc", "C10AA05", "Atorvastatine 20 mg"), "1 comprimé le soir", "2021-11-02"),
    {
      ...{ resourceType: "MedicationRequest", id: "demo-marie-prescription-1", meta, status: "active", intent: "order", subject },
      medicationCodeableConcept: concept("atc", "N02BE01", "Paracétamol 1 g"),
      ...{ authoredOn: "2026-11-09", requester: hoffmann, reasonCode: [{ text: "Douleur du genou droit" }] },
      dosageInstruction: [{ text: "1 comprimé jusqu'à 3 fois par jour, en cas de douleur" }],
      dispenseRequest: { validityPeriod: { start: "2026-11-09", end: "2027-02-07" }, numberOfRepeatsAllowed: 1, quantity: { value: 2 } },
      substitution: { allowedBoolean: true },
    },
    {
      ...{ resourceType: "MedicationRequest", id: "demo-marie-prescription-2", meta, status: "completed", intent: "order", subject },
      medicationCodeableConcept: concept("atc", "J01FA10", "Azithromycine 500 mg"),
      ...{ authoredOn: "2026-01-12", requester: lentz, reasonCode: [{ text: "Pneumonie ; allergie à la pénicilline" }] },
      dosageInstruction: [{ text: "1 comprimé par jour pendant 3 jours" }],
    },
  ];
}

function immunizations(): Told[] {
  const given = (id: string, vaccineCode: object, occurrenceDateTime: string, lotNumber: string): Told => ({
    ...{ resourceType: "Immunization", id, meta, status: "completed", vaccineCode, patient: subject, occurrenceDateTime, lotNumber },
    performer: [{ actor: hoffmann }],
  });
  return [
    given("demo-marie-vaccine-1", concept("atc", "J07BB02", "Grippe saisonnière 2026/27"), "2026-10-06", "TEST-26A"),
    given("demo-marie-vaccine-2", concept("atc", "J07BB02", "Grippe saisonnière 2025/26"), "2025-10-14", "TEST-25C"),
    given("demo-marie-vaccine-3", concept("atc", "J07AL02", "Pneumocoques"), "2026-03-17", "TEST-P7"),
    given("demo-marie-vaccine-4", concept("atc", "J07AM51", "Tétanos et diphtérie, rappel"), "2019-05-21", "TEST-T3"),
  ];
}

function encounters(): Told[] {
  const seen = (id: string, reason: string, start: string, end: string): Told =>
    visit({ id, status: "finished", subject, reason, period: { start, end } });
  return [
    seen("demo-marie-visit-1", "Contrôle du diabète", "2026-06-16T08:00:00Z", "2026-06-16T08:20:00Z"),
    seen("demo-marie-visit-2", "Vaccination contre la grippe", "2026-10-06T09:30:00Z", "2026-10-06T09:40:00Z"),
    seen("demo-marie-visit-3", "Douleur du genou droit", "2026-11-09T10:00:00Z", "2026-11-09T10:25:00Z"),
    {
      ...{ resourceType: "Encounter", id: "demo-marie-stay", meta, status: "finished", subject, serviceProvider: hospital },
      class: { system: "http://terminology.hl7.org/CodeSystem/v3-ActCode", code: "IMP", display: "inpatient encounter" },
      period: { start: "2026-01-12T19:40:00Z", end: "2026-01-17T11:00:00Z" },
      ...{ reasonCode: [{ text: "Pneumonie" }], participant: [{ individual: lentz }] },
    },
  ];
}

const tests = [
  { name: "hba1c", code: "4548-4", text: "Hémoglobine glyquée (HbA1c)", unit: "%", high: 6.5, values: [7.9, 7.6, 7.2, 7.4, 6.9] },
  { name: "creatinine", code: "2160-0", text: "Créatinine", unit: "mg/dL", high: 1.1, values: [0.9, 0.92, 0.95, 0.98, 1.0] },
  { name: "ldl", code: "2089-1", text: "Cholestérol LDL", unit: "mg/dL", high: 116, values: [148, 131, 112, 108, 104] },
  { name: "potassium", code: "2823-3", text: "Potassium", unit: "mmol/L", high: 5.1, values: [4.2, 4.4, 4.1, 4.6, 4.5] },
] as const;
const sampleDays = ["2024-12-03", "2025-06-10", "2025-12-02", "2026-06-09", "2026-11-10"] as const;

/** Five samples with four tests each, and the report of each sample. */
function laboratoryResults(): Told[] {
  return sampleDays.flatMap((day, sample) => {
    const results = tests.map(({ name, code, text: words, unit, high, values }): Told => {
      const value = values[sample] ?? 0;
      return {
        ...{ resourceType: "Observation", id: `demo-marie-${name}-${sample + 1}`, meta, status: "final", subject },
        ...{ category: [coded("observation-category", "laboratory")], code: concept("loinc", code, words) },
        ...{ effectiveDateTime: `${day}T07:30:00Z`, performer: [laboratory], valueQuantity: quantity(value, unit) },
        referenceRange: [{ high: quantity(high, unit) }],
        interpretation: [coded("v3-ObservationInterpretation", value > high ? "H" : "N")],
      };
    });
    const isHigh = results.some((_, test) => (tests[test]?.values[sample] ?? 0) > (tests[test]?.high ?? 0));
    const report: Told = {
      ...{ resourceType: "DiagnosticReport", id: `demo-marie-laboratory-${sample + 1}`, meta, status: "final", subject },
      ...{ category: [coded("v2-0074", "LAB")], code: concept("loinc", "11502-2", "Analyses de laboratoire") },
      ...{ effectiveDateTime: `${day}T07:30:00Z`, issued: `${day}T15:00:00Z`, performer: [laboratory] },
      result: results.map(({ id }) => ({ reference: `Observation/${id}` })),
      conclusion: isHigh ? "Valeurs au-dessus de la norme : voir le détail." : "Toutes les valeurs sont dans la norme.",
    };
    return [...results, report];
  });
}

function measurements(): Told[] {
  const pressures = [
    { day: "2025-12-08", systolic: 152, diastolic: 91 },
    { day: "2026-06-16", systolic: 144, diastolic: 86 },
    { day: "2026-11-09", systolic: 136, diastolic: 82 },
  ];
  const category = [coded("observation-category", "vital-signs")];
  const measured = (id: string, day: string): Told => ({
    ...{
      resourceType: "Observation",
      id,
      meta,
      status: "final",
      category,
      subject,
      effectiveDateTime: `${day}T10:05:00Z`,
      performer: [hoffmann],
    },
  });
  return [
    ...pressures.map(({ day, systolic, diastolic }, visit) => ({
      ...measured(`demo-marie-pressure-${visit + 1}`, day),
      code: concept("loinc", "85354-9", "Tension artérielle"),
      component: [
        { code: concept("loinc", "8480-6", "Systolique"), valueQuantity: quantity(systolic, "mmHg", "mm[Hg]") },
        { code: concept("loinc", "8462-4", "Diastolique"), valueQuantity: quantity(diastolic, "mmHg", "mm[Hg]") },
      ],
    })),
    { ...measured("demo-marie-weight", "2026-11-09"), code: concept("loinc", "29463-7", "Poids"), valueQuantity: quantity(71.5, "kg") },
  ];
}

function documents(): Told[] {
  return [
    ...document({
      ...{ id: "demo-marie-discharge", subject, author: lentz, custodian: hospital, date: "2026-01-17T11:00:00Z" },
      type: concept("loinc", "18842-5", "Lettre de sortie"),
      description: "Lettre de sortie : pneumonie, 12 au 17 janvier 2026",
      content: {
        ...{ contentType: "application/pdf", language: "fr", title: "lettre-de-sortie.pdf" },
        bytes: pdfOf("Test-Hôpital du Nord : lettre de sortie", [
          "DOCUMENT SYNTHÉTIQUE : la patiente est inventée, rien ici n'est vrai.",
          "",
          "Patiente : Marie Test-Weber, née le 14.03.1958",
          "Séjour du 12 au 17 janvier 2026, service de médecine interne",
          "",
          "Diagnostic : pneumonie bactérienne du lobe inférieur droit.",
          "Traitement : azithromycine, en raison de l'allergie à la pénicilline.",
          "Évolution favorable, sans fièvre depuis le 15 janvier.",
          "",
          "À faire : radiographie de contrôle dans six semaines, vaccin contre les pneumocoques.",
          "",
          "Dr Paul Test-Lentz",
        ]),
      },
    }),
    ...document({
      ...{ id: "demo-marie-knee", subject, author: lentz, custodian: hospital, date: "2026-11-13T14:20:00Z" },
      type: concept("loinc", "18748-4", "Compte rendu d'imagerie"),
      description: "Radiographie du genou droit",
      content: note(
        "fr",
        "genou-droit.txt",
        "DOCUMENT SYNTHÉTIQUE : la patiente est inventée.",
        "",
        "Radiographie du genou droit, face et profil, en charge.",
        "Pincement de l'interligne fémoro-tibial interne, ostéophytes débutants.",
        "Conclusion : gonarthrose de stade II.",
      ),
    }),
    ...document({
      ...{ id: "demo-marie-talk", subject, author: hoffmann, custodian: practice, date: "2026-09-02T16:00:00Z", meta: labelled("R") },
      type: concept("loinc", "34788-0", "Note d'entretien psychologique"),
      description: "Note d'un entretien confidentiel",
      content: note(
        "fr",
        "entretien.txt",
        "DOCUMENT SYNTHÉTIQUE.",
        "",
        "La patiente parle d'un deuil récent. Elle souhaite que cette note reste cachée.",
      ),
    }),
    ...document({
      ...{ id: "demo-marie-own", subject, author: subject, date: "2026-11-20T18:00:00Z" },
      type: concept("loinc", "51855-5", "Note de la patiente"),
      description: "Mes questions pour le prochain rendez-vous",
      content: note("fr", "mes-questions.txt", "Note synthétique.", "", "Puis-je reprendre le vélo ?", "Faut-il changer la metformine ?"),
    }),
  ];
}
