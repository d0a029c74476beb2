import type { Texts } from "../../layout/language.ts";

export const startTexts = {
  title: {
    en: "Your health record, in one place",
    fr: "Votre dossier de santé, en un seul endroit",
    de: "Ihre Gesundheitsakte, an einem Ort",
  },
  lead: {
    en: "Results, letters, medication and vaccinations, for you and for those who treat you. You decide who may see what, and you can see who looked.",
    fr: "Résultats, courriers, médicaments et vaccinations, pour vous et pour ceux qui vous soignent. Vous décidez qui peut voir quoi, et vous voyez qui a consulté.",
    de: "Befunde, Briefe, Medikamente und Impfungen, für Sie und für alle, die Sie behandeln. Sie bestimmen, wer was sehen darf, und Sie sehen, wer geschaut hat.",
  },
  signIn: { en: "Sign in", fr: "Se connecter", de: "Anmelden" },
  for: {
    en: "For patients, health professionals and practices: everybody signs in here.",
    fr: "Patients, professionnels de santé et cabinets : tout le monde se connecte ici.",
    de: "Für Patientinnen und Patienten, Fachpersonen und Praxen: Alle melden sich hier an.",
  },
  offersHeading: { en: "What you can do here", fr: "Ce que vous pouvez faire ici", de: "Was Sie hier tun können" },
  see: {
    en: "Read your results and documents, and print a summary for a visit or a journey.",
    fr: "Lire vos résultats et documents, et imprimer un résumé pour une consultation ou un voyage.",
    de: "Ihre Befunde und Dokumente lesen und eine Zusammenfassung für einen Termin oder eine Reise drucken.",
  },
  decide: {
    en: "Decide who may look: a person, a practice, a profession; for as long as you want.",
    fr: "Décider qui peut consulter : une personne, un cabinet, une profession ; aussi longtemps que vous le voulez.",
    de: "Bestimmen, wer schauen darf: eine Person, eine Praxis, eine Berufsgruppe; so lange Sie wollen.",
  },
  check: {
    en: "See in plain words who looked at what, and report what seems wrong.",
    fr: "Voir en mots simples qui a consulté quoi, et signaler ce qui semble anormal.",
    de: "In klaren Worten sehen, wer was angeschaut hat, und melden, was nicht stimmt.",
  },
  close: {
    en: "Download everything, close the record or open it again, at any time.",
    fr: "Tout télécharger, fermer le dossier ou le rouvrir, à tout moment.",
    de: "Alles herunterladen, die Akte schließen oder wieder öffnen, jederzeit.",
  },
} as const satisfies Texts;
