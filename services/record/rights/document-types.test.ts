import { expect, it } from "vitest";
import { emptyIndex } from "../../lib/fhir/search-index.ts";
import { documentTypeOf } from "./document-types.ts";

it.each([
  ["Observation", "category", "http://terminology.hl7.org/CodeSystem/observation-category", "laboratory", "laboratory"],
  ["Observation", "category", "http://terminology.hl7.org/CodeSystem/observation-category", "vital-signs", "vital-signs"],
  ["DiagnosticReport", "category", "http://terminology.hl7.org/CodeSystem/v2-0074", "RAD", "imaging"],
  ["Condition", "code", "http://hl7.org/fhir/sid/icd-10", "F32.1", "mental-health"],
  ["Condition", "code", "http://hl7.org/fhir/sid/icd-10", "J45", "problem"],
  ["DocumentReference", "type", "http://loinc.org", "11502-2", "laboratory"],
  ["DocumentReference", "_security", "http://terminology.hl7.org/CodeSystem/v3-ActCode", "PSY", "mental-health"],
  ["Communication", "category", "urn:dsp:notice", "break-glass", "notice"],
  ["Task", "code", "urn:dsp:notice", "break-glass-review", "notice"],
  ["Consent", "category", "http://loinc.org", "59284-0", "consent"],
])("%s by its %s %s|%s is %s", (type, parameter, system, code, expected) => {
  expect(documentTypeOf(type, { ...emptyIndex(), tokens: [{ parameter, system, code }] })).toBe(expected);
});
