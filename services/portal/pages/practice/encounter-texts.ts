import type { Texts } from "../../layout/language.ts";

export const encounterTexts = {
  visit: { en: "Visit", fr: "Visite", de: "Besuch" },
  planned: { en: "planned", fr: "prévue", de: "geplant" },
  arrived: { en: "has arrived", fr: "arrivé", de: "eingetroffen" },
  triaged: { en: "triaged", fr: "trié", de: "eingestuft" },
  "in-progress": { en: "with you now", fr: "en consultation", de: "in Behandlung" },
  onleave: { en: "on leave", fr: "en congé", de: "beurlaubt" },
  finished: { en: "finished", fr: "terminée", de: "beendet" },
  cancelled: { en: "cancelled", fr: "annulée", de: "abgesagt" },
  "entered-in-error": { en: "entered in error", fr: "saisie par erreur", de: "irrtümlich eingetragen" },
  unknown: { en: "not known", fr: "inconnu", de: "unbekannt" },
} as const satisfies Texts;
