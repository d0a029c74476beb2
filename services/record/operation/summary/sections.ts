import type { Language } from "../../../lib/language.ts";
import {
  choiceText,
  codes,
  conceptText,
  dateText,
  dosageText,
  type Element,
  elements,
  joined,
  medicationText,
  periodText,
  primitive,
  referenceRangeText,
  resultText,
  statusText,
} from "./element-text.ts";
import { type Heading, titles, type Wording, word } from "./wording.ts";

interface Column {
  heading: Heading;
  text(resource: Element, language: Language): string;
}

/** A section of the International Patient Summary: https://hl7.org/fhir/uv/ips/STU2/StructureDefinition-Composition-uv-ips.html */
export interface Section {
  /** LOINC. */
  code: string;
  display: string;
  title: Wording;
  /** It is there without content too, and says so. */
  required: boolean;
  types: readonly string[];
  /** Whether a resource of one of the types belongs here. */
  takes(resource: Element): boolean;
  /** By what its entries are ordered, newest first: an element, or a choice of types. */
  orderedBy: readonly string[];
  /** Of each kind of observation only the newest: a measurement's course is not for a summary. */
  newestOnly: boolean;
  columns: readonly Column[];
}

const given = (status: unknown, ...allowed: string[]): boolean => allowed.includes(primitive(status));
const concept = (heading: Heading, name: string): Column => ({ heading, text: (resource) => conceptText(resource[name]) });
const status = (heading: Heading, name: string): Column => ({
  heading,
  text: (resource, language) => statusText(resource[name], language) || word(primitive(resource[name]), language),
});
const choice = (heading: Heading, base: string): Column => ({
  heading,
  text: (resource, language) => choiceText(resource, base, language),
});
const date = (heading: Heading, ...names: string[]): Column => ({
  heading,
  text: (resource, language) => names.map((name) => dateText(resource[name]) || choiceText(resource, name, language)).find(Boolean) ?? "",
});

/** What was found wrong or was ruled out is no part of a summary. */
function stands({ verificationStatus }: Element): boolean {
  const found = codes(verificationStatus);
  return !found.includes("entered-in-error") && !found.includes("refuted");
}

/** A Condition without a clinical status counts as present, unless it tells when it ended. */
function isPast(condition: Element): boolean {
  const found = codes(condition.clinicalStatus);
  return found.length > 0
    ? found.some((code) => code === "inactive" || code === "remission" || code === "resolved")
    : Object.keys(condition).some((name) => name.startsWith("abatement"));
}

function isCurrentMedication(resource: Element): boolean {
  if (resource.resourceType === "MedicationStatement") return given(resource.status, "active", "intended", "on-hold", "unknown");
  const asked = given(resource.status, "active", "on-hold", "unknown") && !given(resource.intent, "proposal", "option");
  // An order not to give something is no medication.
  return asked && resource.doNotPerform !== true;
}

/** Consents to the use of data are no part of it: http://hl7.org/fhir/R4/valueset-consent-scope.html, valueset-consent-category.html */
function isDirective({ scope, category }: Element): boolean {
  return codes(scope).includes("adr") || codes(category).some((code) => given(code, "acd", "dnr", "emrgonly", "hcd", "polst"));
}

type ObservationKind = "pregnancy" | "vital-signs" | "social-history" | "results";

/** LOINC codes of observations that are known by what they are, whether they carry a category or not. */
const knownObservations = new Map<string, ObservationKind>([
  ...[
    "82810-3",
    "11778-8",
    "11779-6",
    "11780-4",
    "11636-8",
    "11637-6",
    "11638-4",
    "11639-2",
    "11640-0",
    "11612-9",
    "11613-7",
    "11614-5",
  ].map((code) => [code, "pregnancy"] as const),
  ["33065-4", "pregnancy"],
  // http://hl7.org/fhir/R4/observation-vitalsigns.html
  ...[
    "85353-1",
    "9279-1",
    "8867-4",
    "2708-6",
    "59408-5",
    "8310-5",
    "8302-2",
    "9843-4",
    "29463-7",
    "39156-5",
    "85354-9",
    "8480-6",
    "8462-4",
  ].map((code) => [code, "vital-signs"] as const),
  ["8478-0", "vital-signs"],
  ["72166-2", "social-history"],
  ["74013-4", "social-history"],
  ["11331-6", "social-history"],
]);
const kindOfCategory: Readonly<Record<string, ObservationKind>> = {
  "vital-signs": "vital-signs",
  "social-history": "social-history",
  laboratory: "results",
  imaging: "results",
  procedure: "results",
  exam: "results",
};

function observationKind({ code, category }: Element): ObservationKind | undefined {
  const known = elements(code).flatMap(({ coding }) => elements(coding).filter(({ system }) => system === "http://loinc.org"));
  const kinds = [
    ...known.map((each) => knownObservations.get(primitive(each.code))),
    ...codes(category).map((each) => (Object.hasOwn(kindOfCategory, each) ? kindOfCategory[each] : undefined)),
  ];
  return kinds.find((kind) => kind !== undefined);
}

const hasResult = ({ status: state }: Element): boolean => !given(state, "entered-in-error", "cancelled", "registered");
const observed = (kind: ObservationKind) => (resource: Element) => hasResult(resource) && observationKind(resource) === kind;

const observationColumns: readonly Column[] = [
  concept("measure", "code"),
  { heading: "result", text: resultText },
  date("date", "effective", "issued"),
];
const observation = { required: false, types: ["Observation"], orderedBy: ["effective", "issued"], newestOnly: true };
const condition = { types: ["Condition"], orderedBy: ["onset", "recordedDate"], newestOnly: false };

function reactionText(allergy: Element, language: Language): string {
  return joined(
    elements(allergy.reaction).map(({ manifestation, severity }) =>
      joined([conceptText(manifestation), word(primitive(severity), language)], ": "),
    ),
    "; ",
  );
}

/** In the order of the IPS: the required ones, the recommended ones, the others. */
export const sections: readonly Section[] = [
  {
    ...condition,
    ...{ code: "11450-4", display: "Problem list - Reported", title: titles.problems, required: true },
    takes: (resource) => stands(resource) && !isPast(resource),
    columns: [
      concept("problem", "code"),
      choice("since", "onset"),
      status("status", "clinicalStatus"),
      status("certainty", "verificationStatus"),
      status("severity", "severity"),
    ],
  },
  {
    ...{ code: "48765-2", display: "Allergies and adverse reactions Document", title: titles.allergies, required: true },
    ...{ types: ["AllergyIntolerance"], orderedBy: ["onset", "recordedDate"], newestOnly: false },
    takes: stands,
    columns: [
      concept("allergen", "code"),
      { heading: "reaction", text: reactionText },
      status("criticality", "criticality"),
      choice("since", "onset"),
      status("status", "clinicalStatus"),
      status("certainty", "verificationStatus"),
    ],
  },
  {
    ...{ code: "10160-0", display: "History of Medication use Narrative", title: titles.medications, required: true },
    ...{ types: ["MedicationStatement", "MedicationRequest"], orderedBy: ["effective", "dateAsserted", "authoredOn"], newestOnly: false },
    takes: isCurrentMedication,
    columns: [
      { heading: "medication", text: medicationText },
      { heading: "dosage", text: ({ dosage, dosageInstruction }, language) => dosageText(dosage ?? dosageInstruction, language) },
      date("since", "effective", "authoredOn"),
      status("status", "status"),
    ],
  },
  {
    ...{ code: "11369-6", display: "History of Immunization note", title: titles.immunizations, required: false },
    ...{ types: ["Immunization"], orderedBy: ["occurrence", "recorded"], newestOnly: false },
    takes: (resource) => given(resource.status, "completed"),
    columns: [
      concept("vaccine", "vaccineCode"),
      date("date", "occurrence"),
      {
        heading: "dose",
        text: ({ protocolApplied }, language) => joined(elements(protocolApplied).map((each) => choiceText(each, "doseNumber", language))),
      },
      { heading: "batch", text: ({ lotNumber }) => primitive(lotNumber) },
    ],
  },
  {
    ...{ code: "30954-2", display: "Relevant diagnostic tests/laboratory data note", title: titles.results, required: false },
    ...{ types: ["Observation", "DiagnosticReport"], orderedBy: ["effective", "issued"], newestOnly: false },
    takes: (resource) => (resource.resourceType === "DiagnosticReport" ? hasResult(resource) : observed("results")(resource)),
    columns: [
      concept("test", "code"),
      {
        heading: "result",
        text: (resource, language) =>
          joined([resultText(resource, language), primitive(resource.conclusion), conceptText(resource.conclusionCode)], "; "),
      },
      { heading: "referenceRange", text: referenceRangeText },
      date("date", "effective", "issued"),
      status("status", "status"),
    ],
  },
  {
    ...{ code: "47519-4", display: "History of Procedures Document", title: titles.procedures, required: false },
    ...{ types: ["Procedure"], orderedBy: ["performed"], newestOnly: false },
    takes: (resource) => given(resource.status, "completed", "in-progress", "on-hold", "stopped", "unknown"),
    columns: [concept("procedure", "code"), concept("site", "bodySite"), date("date", "performed"), status("status", "status")],
  },
  {
    ...{ code: "42348-3", display: "Advance healthcare directives", title: titles.advanceDirectives, required: false },
    ...{ types: ["Consent"], orderedBy: ["dateTime"], newestOnly: false },
    takes: (resource) => given(resource.status, "active") && isDirective(resource),
    columns: [concept("directive", "category"), date("date", "dateTime"), status("status", "status")],
  },
  {
    ...condition,
    ...{ code: "11348-0", display: "History of Past illness note", title: titles.pastIllness, required: false },
    takes: (resource) => stands(resource) && isPast(resource),
    columns: [concept("problem", "code"), choice("since", "onset"), choice("end", "abatement"), status("status", "clinicalStatus")],
  },
  {
    ...observation,
    ...{ code: "10162-6", display: "History of pregnancies Narrative", title: titles.pregnancy },
    takes: observed("pregnancy"),
    columns: observationColumns,
  },
  {
    ...{ code: "18776-5", display: "Plan of care note", title: titles.planOfCare, required: false },
    ...{ types: ["CarePlan"], orderedBy: ["period", "created"], newestOnly: false },
    takes: (resource) => given(resource.status, "active", "on-hold", "unknown"),
    columns: [
      {
        heading: "plan",
        text: ({ title, category, description }) => joined([primitive(title), conceptText(category), primitive(description)], ": "),
      },
      { heading: "date", text: ({ period, created }) => periodText(period) || dateText(created) },
      status("status", "status"),
    ],
  },
  {
    ...observation,
    ...{ code: "29762-2", display: "Social history note", title: titles.socialHistory },
    takes: observed("social-history"),
    columns: observationColumns,
  },
  {
    ...observation,
    ...{ code: "8716-3", display: "Vital signs note", title: titles.vitalSigns },
    takes: observed("vital-signs"),
    columns: observationColumns,
  },
];

/** The types of resource that a summary is made from. */
export const summaryTypes: readonly string[] = [...new Set(sections.flatMap(({ types }) => types))];
