import type { Texts } from "../../layout/language.ts";

export const landingTexts = {
  title: { en: "Welcome, {name}", fr: "Bienvenue, {name}", de: "Guten Tag, {name}" },
  lead: {
    en: "You are signed in as a health professional. Every access to a record is shown to its patient.",
    fr: "Vous êtes connecté en tant que professionnel de santé. Chaque accès à un dossier est montré à son patient.",
    de: "Sie sind als Gesundheitsfachperson angemeldet. Jeder Zugriff auf eine Akte wird deren Patientin oder Patienten gezeigt.",
  },
  profession: { en: "Profession", fr: "Profession", de: "Beruf" },
  organization: { en: "Organisation", fr: "Organisation", de: "Einrichtung" },
} as const satisfies Texts;
