import type { Texts } from "../../layout/language.ts";

export const feedbackTexts = {
  title: { en: "Feedback", fr: "Retours", de: "Rückmeldungen" },
  lead: {
    en: "What people wrote about the portal. Nobody should write of their health here; if somebody did, do not pass it on.",
    fr: "Ce que les personnes ont écrit à propos du portail. Personne ne devrait y parler de sa santé ; si c'est le cas, ne le transmettez pas.",
    de: "Was Menschen über das Portal geschrieben haben. Niemand sollte hier über die eigene Gesundheit schreiben; wenn doch, geben Sie es nicht weiter.",
  },
  open: { en: "To be answered ({count})", fr: "À traiter ({count})", de: "Zu beantworten ({count})" },
  newest: { en: "The newest {count} are shown.", fr: "Les {count} plus récents sont affichés.", de: "Die neuesten {count} sind zu sehen." },
  nothing: {
    en: "Nothing is open. What somebody sends from the feedback form appears here.",
    fr: "Rien à traiter. Ce qui est envoyé par le formulaire de retour apparaît ici.",
    de: "Nichts ist offen. Was jemand über das Formular für Rückmeldungen sendet, erscheint hier.",
  },
  answered: { en: "Answered", fr: "Traités", de: "Beantwortet" },
  mark: { en: "Mark as answered", fr: "Marquer comme traité", de: "Als beantwortet kennzeichnen" },
  reopen: { en: "Open again", fr: "Rouvrir", de: "Wieder öffnen" },
  about: { en: "the message of {date}", fr: "le message du {date}", de: "die Nachricht vom {date}" },
  marked: { en: "Marked as answered.", fr: "Marqué comme traité.", de: "Als beantwortet gekennzeichnet." },
  reopened: { en: "Opened again.", fr: "Rouvert.", de: "Wieder geöffnet." },
  patient: { en: "patient", fr: "patient", de: "Patientin oder Patient" },
  practitioner: { en: "professional", fr: "professionnel de santé", de: "Fachperson" },
  operator: { en: "operator", fr: "exploitant", de: "Betreiber" },
  system: { en: "software", fr: "logiciel", de: "Software" },
} as const satisfies Texts;
