import type { SearchIndex } from "../../lib/fhir/search-index.ts";
import { labelParameter } from "./confidentiality.ts";

/** What a part of a record is about, as far as rights depend on it. */
export const documentTypes = [
  "administrative",
  "allergy",
  "medication",
  "immunization",
  "problem",
  "procedure",
  "laboratory",
  "imaging",
  "vital-signs",
  "report",
  "care-plan",
  "mental-health",
  "reproductive-health",
  "genetics",
  "social",
  "own-notes",
  "consent",
  "notice",
  "other",
] as const;

export type DocumentType = (typeof documentTypes)[number];

const byResourceType: Record<string, DocumentType> = {
  Patient: "administrative",
  RelatedPerson: "administrative",
  Encounter: "administrative",
  List: "administrative",
  AllergyIntolerance: "allergy",
  Condition: "problem",
  MedicationStatement: "medication",
  MedicationRequest: "medication",
  Immunization: "immunization",
  Procedure: "procedure",
  Observation: "other",
  DiagnosticReport: "report",
  Composition: "report",
  DocumentReference: "report",
  CarePlan: "care-plan",
  Consent: "consent",
};

interface CodedAs {
  parameters: readonly string[];
  /** Of a code system; its codes that mean this, or how they begin. */
  system: string;
  codes?: readonly string[];
  begin?: readonly string[];
  means: DocumentType;
}

const categories = ["category"];
const codes = ["type", "code", "category"];
const loinc = "http://loinc.org";
const sections = "http://terminology.hl7.org/CodeSystem/v2-0074";
const observationCategory = "http://terminology.hl7.org/CodeSystem/observation-category";
const icd10 = "http://hl7.org/fhir/sid/icd-10";
/** Of what the platform tells somebody about a record. */
export const noticeSystem = "urn:dsp:notice";
const actCode = "http://terminology.hl7.org/CodeSystem/v3-ActCode";

/** The first that fits counts: what people most want to keep to themselves comes first. */
const coded: readonly CodedAs[] = [
  { parameters: codes, system: noticeSystem, begin: ["break-glass"], means: "notice" },
  { parameters: [labelParameter], system: actCode, codes: ["PSY", "MH", "ETH", "SUD", "PSYTHPN"], means: "mental-health" },
  { parameters: [labelParameter], system: actCode, codes: ["HIV", "STD", "SEX"], means: "reproductive-health" },
  { parameters: [labelParameter], system: actCode, codes: ["GDIS"], means: "genetics" },
  { parameters: codes, system: icd10, begin: ["F"], means: "mental-health" },
  { parameters: codes, system: icd10, begin: ["O", "Z30", "Z31", "Z32", "Z33", "Z34", "Z35", "N97"], means: "reproductive-health" },
  { parameters: codes, system: loinc, codes: ["34788-0", "34104-0", "28635-7", "75476-2"], means: "mental-health" },
  { parameters: codes, system: loinc, codes: ["34777-3", "57055-6", "57073-9"], means: "reproductive-health" },
  { parameters: codes, system: loinc, codes: ["51969-4", "81247-9", "55232-3"], means: "genetics" },
  { parameters: categories, system: sections, codes: ["GE"], means: "genetics" },
  {
    parameters: categories,
    system: sections,
    codes: ["LAB", "CH", "HM", "MB", "MCB", "IMM", "SR", "TX", "VR", "BLB", "CP", "SP", "PAT"],
    means: "laboratory",
  },
  {
    parameters: categories,
    system: sections,
    codes: ["RAD", "CT", "NMR", "NMS", "RUS", "CUS", "OUS", "VUS", "XRC", "MRI"],
    means: "imaging",
  },
  { parameters: categories, system: observationCategory, codes: ["laboratory"], means: "laboratory" },
  { parameters: categories, system: observationCategory, codes: ["imaging"], means: "imaging" },
  { parameters: categories, system: observationCategory, codes: ["vital-signs", "exam", "activity"], means: "vital-signs" },
  { parameters: categories, system: observationCategory, codes: ["social-history", "survey"], means: "social" },
  { parameters: codes, system: loinc, codes: ["11502-2", "26436-6", "18719-5"], means: "laboratory" },
  { parameters: codes, system: loinc, codes: ["18748-4", "18726-0", "68604-8"], means: "imaging" },
  { parameters: codes, system: loinc, codes: ["57833-6", "56445-0", "29305-0"], means: "medication" },
  { parameters: codes, system: loinc, codes: ["11369-6", "82593-5"], means: "immunization" },
  { parameters: codes, system: loinc, codes: ["51855-5"], means: "own-notes" },
];

/** The document type of a resource, by its type and by what it is found by. */
export function documentTypeOf(resourceType: string, { tokens }: SearchIndex): DocumentType {
  const means = coded.find(({ parameters, system, codes, begin }) =>
    tokens.some(
      (token) =>
        token.system === system &&
        parameters.includes(token.parameter) &&
        ((codes?.includes(token.code) ?? false) || (begin?.some((start) => token.code.startsWith(start)) ?? false)),
    ),
  );
  return means?.means ?? byResourceType[resourceType] ?? "other";
}
