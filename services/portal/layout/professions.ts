import type { Language } from "../../lib/language.ts";
import type { Texts } from "./language.ts";

/** The professions that rights are given to, in the record's own codes (services/record/rights/professions.ts). */
export const professionTexts = {
  physician: { en: "Physicians", fr: "Médecins", de: "Ärztinnen und Ärzte" },
  "emergency-physician": { en: "Emergency physicians", fr: "Médecins urgentistes", de: "Notärztinnen und Notärzte" },
  dentist: { en: "Dentists", fr: "Dentistes", de: "Zahnärztinnen und Zahnärzte" },
  pharmacist: { en: "Pharmacists", fr: "Pharmaciens", de: "Apothekerinnen und Apotheker" },
  nurse: { en: "Nurses", fr: "Infirmiers", de: "Pflegefachpersonen" },
  midwife: { en: "Midwives", fr: "Sages-femmes", de: "Hebammen" },
  physiotherapist: { en: "Physiotherapists", fr: "Kinésithérapeutes", de: "Physiotherapeutinnen und -therapeuten" },
  psychologist: { en: "Psychologists", fr: "Psychologues", de: "Psychologinnen und Psychologen" },
  "medical-laboratory": { en: "Laboratories", fr: "Laboratoires", de: "Labore" },
  radiology: { en: "Radiology", fr: "Radiologie", de: "Radiologie" },
  dietitian: { en: "Dietitians", fr: "Diététiciens", de: "Ernährungsfachpersonen" },
  "social-worker": { en: "Social workers", fr: "Assistants sociaux", de: "Sozialarbeitende" },
  administrative: { en: "Administrative staff", fr: "Personnel administratif", de: "Verwaltung" },
} as const satisfies Texts;

export type Profession = keyof typeof professionTexts;

export const professions = Object.keys(professionTexts) as Profession[];

export function isProfession(code: string): code is Profession {
  return code in professionTexts;
}

export function professionText(code: string, language: Language): string {
  return isProfession(code) ? professionTexts[code][language] : code;
}
