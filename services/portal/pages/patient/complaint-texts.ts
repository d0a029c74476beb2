import type { Texts } from "../../layout/language.ts";

export const complaintTexts = {
  title: { en: "Report an access", fr: "Signaler un accès", de: "Einen Zugriff melden" },
  lead: {
    en: "Somebody at the platform's operator examines your report and asks the person for their reasons. Your medical data is not part of it.",
    fr: "Une personne chez l'exploitant de la plateforme examine votre signalement et demande des explications. Vos données médicales n'en font pas partie.",
    de: "Jemand beim Betreiber der Plattform prüft Ihre Meldung und fragt die Person nach ihren Gründen. Ihre medizinischen Daten gehören nicht dazu.",
  },
  about: { en: "It is about this access", fr: "Il s'agit de cet accès", de: "Es geht um diesen Zugriff" },
  why: { en: "Why does it seem wrong to you?", fr: "Pourquoi cela vous semble-t-il anormal ?", de: "Warum kommt es Ihnen falsch vor?" },
  whyHint: {
    en: "For example: I do not know this person, or I was not treated there.",
    fr: "Par exemple : je ne connais pas cette personne, ou je n'ai pas été soigné là-bas.",
    de: "Zum Beispiel: Ich kenne diese Person nicht, oder ich wurde dort nicht behandelt.",
  },
  submit: { en: "Send report", fr: "Envoyer le signalement", de: "Meldung senden" },
  missing: {
    en: "Write in a few words what seems wrong",
    fr: "Écrivez en quelques mots ce qui vous semble anormal",
    de: "Schreiben Sie in wenigen Worten, was falsch scheint",
  },
  back: { en: "Back without a report", fr: "Retour sans signaler", de: "Zurück ohne Meldung" },
} as const satisfies Texts;
