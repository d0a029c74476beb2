import type { Text } from "../../layout/language.ts";
import type { Profession } from "../../layout/professions.ts";

/** A profession, of one person. */
export const professionNameTexts = {
  physician: { en: "Physician", fr: "Médecin", de: "Ärztin oder Arzt" },
  "emergency-physician": { en: "Emergency physician", fr: "Médecin urgentiste", de: "Notärztin oder Notarzt" },
  dentist: { en: "Dentist", fr: "Dentiste", de: "Zahnärztin oder Zahnarzt" },
  pharmacist: { en: "Pharmacist", fr: "Pharmacien ou pharmacienne", de: "Apothekerin oder Apotheker" },
  nurse: { en: "Nurse", fr: "Infirmier ou infirmière", de: "Pflegefachperson" },
  midwife: { en: "Midwife", fr: "Sage-femme", de: "Hebamme" },
  physiotherapist: { en: "Physiotherapist", fr: "Kinésithérapeute", de: "Physiotherapeutin oder -therapeut" },
  psychologist: { en: "Psychologist", fr: "Psychologue", de: "Psychologin oder Psychologe" },
  "medical-laboratory": { en: "Laboratory", fr: "Laboratoire", de: "Labor" },
  radiology: { en: "Radiology", fr: "Radiologie", de: "Radiologie" },
  dietitian: { en: "Dietitian", fr: "Diététicien ou diététicienne", de: "Ernährungsfachperson" },
  "social-worker": { en: "Social worker", fr: "Assistant social ou assistante sociale", de: "Sozialarbeitende Person" },
  administrative: { en: "Administrative staff", fr: "Personnel administratif", de: "Verwaltung" },
} as const satisfies Record<Profession, Text>;
