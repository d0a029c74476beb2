import type { Texts } from "../../layout/language.ts";

export const landingTexts = {
  title: { en: "Operations", fr: "Exploitation", de: "Betrieb" },
  lead: {
    en: "You are signed in as an operator. Operators see no patient's record.",
    fr: "Vous êtes connecté en tant qu'exploitant. Les exploitants ne voient aucun dossier de patient.",
    de: "Sie sind als Betreiber angemeldet. Betreiber sehen keine Akte von Patientinnen und Patienten.",
  },
} as const satisfies Texts;
