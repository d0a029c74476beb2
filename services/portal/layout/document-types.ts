import type { Language } from "../../lib/language.ts";
import type { Texts } from "./language.ts";

/** What parts of a record are about, in the record's own codes (services/record/rights/document-types.ts), as far as patients decide about them. */
export const documentTypeTexts = {
  allergy: { en: "Allergies", fr: "Allergies", de: "Allergien" },
  medication: { en: "Medication", fr: "Médicaments", de: "Medikamente" },
  immunization: { en: "Vaccinations", fr: "Vaccinations", de: "Impfungen" },
  problem: { en: "Health problems", fr: "Problèmes de santé", de: "Gesundheitsprobleme" },
  procedure: { en: "Operations and procedures", fr: "Opérations et interventions", de: "Operationen und Eingriffe" },
  laboratory: { en: "Laboratory", fr: "Laboratoire", de: "Labor" },
  imaging: { en: "X-ray and other images", fr: "Radiographies et autres images", de: "Röntgen und andere Bilder" },
  "vital-signs": { en: "Measurements (blood pressure, weight …)", fr: "Mesures (tension, poids…)", de: "Messungen (Blutdruck, Gewicht …)" },
  report: { en: "Letters and reports", fr: "Courriers et comptes rendus", de: "Briefe und Berichte" },
  "care-plan": { en: "Care plans", fr: "Plans de soins", de: "Pflege- und Behandlungspläne" },
  "mental-health": { en: "Mental health", fr: "Santé mentale", de: "Seelische Gesundheit" },
  "reproductive-health": {
    en: "Pregnancy and sexual health",
    fr: "Grossesse et santé sexuelle",
    de: "Schwangerschaft und sexuelle Gesundheit",
  },
  genetics: { en: "Genetics", fr: "Génétique", de: "Genetik" },
  social: { en: "Living situation", fr: "Situation sociale", de: "Lebenssituation" },
  "own-notes": { en: "Your own documents", fr: "Vos propres documents", de: "Ihre eigenen Dokumente" },
  other: { en: "Other", fr: "Autres", de: "Anderes" },
} as const satisfies Texts;

export type DocumentType = keyof typeof documentTypeTexts;

export const documentTypes = Object.keys(documentTypeTexts) as DocumentType[];

export function isDocumentType(code: string): code is DocumentType {
  return code in documentTypeTexts;
}

export function documentTypeText(code: string, language: Language): string {
  return isDocumentType(code) ? documentTypeTexts[code][language] : code;
}
