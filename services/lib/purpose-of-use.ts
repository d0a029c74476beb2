/** Why somebody asks, as they state it: of HL7's purposes of use (http://terminology.hl7.org/ValueSet/v3-PurposeOfUse) those that a record has. */
import { fhirError } from "./operation-outcome.ts";

/** Codes with HL7's displays. */
const displays = {
  TREAT: "treatment",
  ETREAT: "Emergency Treatment",
  COC: "coordination of care",
  PATADMIN: "patient administration",
  HPAYMT: "healthcare payment",
  HQUALIMP: "health quality improvement",
  PUBHLTH: "public health",
  PATRQT: "patient requested",
  FAMRQT: "family requested",
} as const;

export type PurposeOfUse = keyof typeof displays;

/** The purpose of those who run the platform: it follows from what they do, and nobody states it. */
export const administration = "HSYSADMIN";

export const purposes = Object.keys(displays) as PurposeOfUse[];

/** The request header that states it. It gives no right: it is recorded, and the patient reads it. */
export const purposeHeader = "DSP-Purpose";

/** @throws FhirError 400 for a purpose that nobody here knows */
export function parsePurpose(header: string | undefined): PurposeOfUse | undefined {
  if (header === undefined) return undefined;
  const purpose = purposes.find((code) => code === header.trim());
  if (!purpose) {
    throw fhirError(400, "code-invalid", `${purposeHeader} must be one of HL7's purposes of use: ${purposes.join(", ")}`);
  }
  return purpose;
}

/** A CodeableConcept. @param text in somebody's own words */
export function purposeConcept(code: PurposeOfUse | typeof administration, text?: string): object {
  const display = code === administration ? "health system administration" : displays[code];
  return {
    coding: [{ system: "http://terminology.hl7.org/CodeSystem/v3-ActReason", code, display }],
    ...(text === undefined ? {} : { text }),
  };
}
