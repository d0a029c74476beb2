import type { Texts } from "../../layout/language.ts";

export const newAccessesTexts = {
  heading: {
    en: "New: who looked at your record",
    fr: "Nouveau : qui a consulté votre dossier",
    de: "Neu: Wer in Ihre Akte geschaut hat",
  },
  oneMore: { en: "And one more.", fr: "Et un autre accès.", de: "Und ein weiterer Zugriff." },
  more: { en: "And {count} more.", fr: "Et {count} autres accès.", de: "Und {count} weitere Zugriffe." },
  link: {
    en: "See all of it; then this notice goes away",
    fr: "Tout voir ; cet avis disparaît ensuite",
    de: "Alles ansehen; danach verschwindet dieser Hinweis",
  },
} as const satisfies Texts;
