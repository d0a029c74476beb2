import type { Texts } from "../../layout/language.ts";

export const feedbackTexts = {
  title: { en: "What is missing here?", fr: "Que manque-t-il ici ?", de: "Was fehlt hier?" },
  lead: {
    en: "Tell us what does not work, what is unclear, or what you would like. Please name no patient.",
    fr: "Dites-nous ce qui ne fonctionne pas, ce qui n'est pas clair ou ce que vous souhaitez. Ne nommez aucun patient.",
    de: "Sagen Sie uns, was nicht geht, was unklar ist oder was Sie sich wünschen. Bitte nennen Sie keine Patientin und keinen Patienten.",
  },
  about: { en: "About the page {page}", fr: "À propos de la page {page}", de: "Zur Seite {page}" },
  message: { en: "Your message", fr: "Votre message", de: "Ihre Nachricht" },
  submit: { en: "Send", fr: "Envoyer", de: "Senden" },
  missing: { en: "Write a message", fr: "Rédigez un message", de: "Schreiben Sie eine Nachricht" },
  thanks: { en: "Thank you", fr: "Merci", de: "Vielen Dank" },
  thanksText: {
    en: "Your message has come. We read every one.",
    fr: "Votre message est bien arrivé. Nous les lisons tous.",
    de: "Ihre Nachricht ist angekommen. Wir lesen jede.",
  },
  back: { en: "Go on", fr: "Continuer", de: "Weiter" },
} as const satisfies Texts;
