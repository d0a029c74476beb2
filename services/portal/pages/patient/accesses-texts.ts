import type { Texts } from "../../layout/language.ts";

export const accessesTexts = {
  title: { en: "Who looked at your record", fr: "Qui a consulté votre dossier", de: "Wer in Ihre Akte geschaut hat" },
  lead: {
    en: "Every access is here, for at least three years, also those that were refused.",
    fr: "Chaque accès figure ici, pendant au moins trois ans, y compris ceux qui ont été refusés.",
    de: "Jeder Zugriff steht hier, mindestens drei Jahre lang, auch die verweigerten.",
  },
  show: { en: "Show", fr: "Afficher", de: "Zeigen" },
  others: { en: "Others", fr: "Les autres", de: "Andere" },
  everything: { en: "Everything, also my own", fr: "Tout, y compris mes accès", de: "Alles, auch meine eigenen" },
  refused: { en: "Only what was refused", fr: "Uniquement les refus", de: "Nur Verweigertes" },
  from: { en: "From", fr: "Du", de: "Von" },
  to: { en: "Until", fr: "Au", de: "Bis" },
  filter: { en: "Show", fr: "Afficher", de: "Zeigen" },
  nothing: {
    en: "Nobody looked in this period.",
    fr: "Personne n'a consulté pendant cette période.",
    de: "In diesem Zeitraum hat niemand geschaut.",
  },
  nothingYet: {
    en: "Nobody on this page but you. There may be older entries.",
    fr: "Personne d'autre que vous sur cette page. Il peut y avoir des entrées plus anciennes.",
    de: "Auf dieser Seite niemand außer Ihnen. Vielleicht gibt es ältere Einträge.",
  },
  emergency: { en: "Emergency", fr: "Urgence", de: "Notfall" },
  wasRefused: { en: "Refused", fr: "Refusé", de: "Verweigert" },
  times: { en: "{count} times", fr: "{count} fois", de: "{count}-mal" },
  report: { en: "Report", fr: "Signaler", de: "Melden" },
  reported: {
    en: "Your report has been sent. It will be examined, and you will be told.",
    fr: "Votre signalement a été envoyé. Il sera examiné et vous serez informé.",
    de: "Ihre Meldung ist gesendet. Sie wird geprüft, und Sie erhalten Bescheid.",
  },
  reports: { en: "Your reports", fr: "Vos signalements", de: "Ihre Meldungen" },
  requested: { en: "sent", fr: "envoyé", de: "gesendet" },
  inProgress: { en: "being examined", fr: "en cours d'examen", de: "wird geprüft" },
  completed: { en: "answered", fr: "traité", de: "beantwortet" },
} as const satisfies Texts;
