import type { Texts } from "../../layout/language.ts";

export const recordVisitTexts = {
  patient: { en: "Patient", fr: "Patient", de: "Patientin oder Patient" },
  nameless: { en: "Without a name", fr: "Sans nom", de: "Ohne Namen" },
  age: { en: "{age} years", fr: "{age} ans", de: "{age} Jahre" },
  number: { en: "No.", fr: "N°", de: "Nr." },
  deceased: { en: "Deceased", fr: "Décès", de: "Verstorben" },
  male: { en: "male", fr: "masculin", de: "männlich" },
  female: { en: "female", fr: "féminin", de: "weiblich" },
  other: { en: "other sex", fr: "autre sexe", de: "anderes Geschlecht" },
  unknown: { en: "sex not known", fr: "sexe inconnu", de: "Geschlecht unbekannt" },
} as const satisfies Texts;
