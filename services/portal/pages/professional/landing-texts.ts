import type { Texts } from "../../layout/language.ts";

export const landingTexts = {
  title: { en: "Welcome, {name}", fr: "Bienvenue, {name}", de: "Guten Tag, {name}" },
  lead: {
    en: "Every access to a record is shown to its patient.",
    fr: "Chaque accès à un dossier est montré à son patient.",
    de: "Jeder Zugriff auf eine Akte wird denen gezeigt, denen sie gehört.",
  },
  find: { en: "Find a patient", fr: "Trouver un patient", de: "Patient finden" },
  findWhy: {
    en: "By number, or name and day of birth",
    fr: "Par numéro, ou nom et date de naissance",
    de: "Mit Nummer, oder Namen und Geburtstag",
  },
  agenda: { en: "Agenda", fr: "Agenda", de: "Agenda" },
  agendaWhy: { en: "Today's patients", fr: "Les patients du jour", de: "Wer heute kommt" },
  messages: { en: "Messages", fr: "Messages", de: "Nachrichten" },
  messagesWhy: {
    en: "From and to colleagues, referrals",
    fr: "De et vers les confrères, orientations",
    de: "Von und an andere, Überweisungen",
  },
  messagesUnread: { en: "{count} unread", fr: "{count} non lus", de: "{count} ungelesen" },
  colleagues: { en: "Colleagues", fr: "Confrères", de: "Kolleginnen und Kollegen" },
  colleaguesWhy: { en: "Find, write, refer", fr: "Trouver, écrire, orienter", de: "Finden, schreiben, überweisen" },
  training: { en: "Training", fr: "Formation", de: "Schulung" },
  trainingWhy: { en: "Practise on invented patients", fr: "S'exercer sur des patients inventés", de: "An erfundenen Personen üben" },
  profile: { en: "Letter head", fr: "En-tête", de: "Briefkopf" },
  profileWhy: { en: "Name and address of your practice", fr: "Nom et adresse de votre cabinet", de: "Name und Adresse Ihrer Praxis" },
  start: {
    en: "New here? {done} of {all} first steps are done.",
    fr: "Nouveau ici ? {done} des {all} premiers pas sont faits.",
    de: "Neu hier? {done} von {all} ersten Schritten sind erledigt.",
  },
  startLink: { en: "Go on with the first steps", fr: "Continuer les premiers pas", de: "Mit den ersten Schritten weitermachen" },
} as const satisfies Texts;
