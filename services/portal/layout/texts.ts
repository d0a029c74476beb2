import type { Texts } from "./language.ts";

/** What stands on every page. */
export const layoutTexts = {
  name: { en: "My health record", fr: "Mon dossier de santé", de: "Meine Gesundheitsakte" },
  tagline: { en: "Shared care record (DSP)", fr: "Dossier de soins partagé (DSP)", de: "Geteilte Gesundheitsakte (DSP)" },
  skip: { en: "Skip to the content", fr: "Aller au contenu", de: "Zum Inhalt springen" },
  menu: { en: "Menu", fr: "Menu", de: "Menü" },
  mainNavigation: { en: "Main navigation", fr: "Navigation principale", de: "Hauptnavigation" },
  language: { en: "Language", fr: "Langue", de: "Sprache" },
  signIn: { en: "Sign in", fr: "Se connecter", de: "Anmelden" },
  signOut: { en: "Sign out", fr: "Se déconnecter", de: "Abmelden" },
  signedInAs: { en: "Signed in: {name}", fr: "Connecté : {name}", de: "Angemeldet: {name}" },
  ownSignIn: { en: "How you sign in", fr: "Votre connexion", de: "Ihre Anmeldung" },
  signInNews: {
    en: "Something has changed in how you sign in.",
    fr: "Quelque chose a changé dans votre façon de vous connecter.",
    de: "An Ihrer Anmeldung hat sich etwas geändert.",
  },
  signInNewsLook: { en: "See what it was", fr: "Voir de quoi il s'agit", de: "Ansehen, was es war" },
  help: { en: "Help and contact", fr: "Aide et contact", de: "Hilfe und Kontakt" },
  accessibility: { en: "Accessibility", fr: "Accessibilité", de: "Barrierefreiheit" },
  emergency: {
    en: "In an emergency call 112.",
    fr: "En cas d'urgence, appelez le 112.",
    de: "Im Notfall rufen Sie 112 an.",
  },
  waiting: {
    en: "This takes a little longer than usual. Nothing you typed is lost.",
    fr: "Cela prend un peu plus de temps que d'habitude. Rien de ce que vous avez saisi n'est perdu.",
    de: "Das dauert etwas länger als sonst. Nichts von dem, was Sie eingegeben haben, geht verloren.",
  },
  gaveUp: {
    en: "It could not be sent. What you typed is still here: please press the button again in a moment.",
    fr: "L'envoi n'a pas abouti. Votre saisie est toujours là : veuillez réessayer dans un instant.",
    de: "Es konnte nicht gesendet werden. Ihre Eingaben sind noch da: Bitte versuchen Sie es gleich noch einmal.",
  },
  draftKept: { en: "Your text has been kept.", fr: "Votre saisie a été conservée.", de: "Ihre Eingaben wurden aufbewahrt." },
  problem: { en: "Please check your entries", fr: "Veuillez vérifier votre saisie", de: "Bitte prüfen Sie Ihre Eingaben" },
  optional: { en: "optional", fr: "facultatif", de: "freiwillig" },
  feedback: { en: "What is missing here?", fr: "Que manque-t-il ici ?", de: "Was fehlt hier?" },
  back: { en: "Back", fr: "Retour", de: "Zurück" },
  newer: { en: "Newest entries", fr: "Entrées les plus récentes", de: "Neueste Einträge" },
  older: { en: "Older entries", fr: "Entrées plus anciennes", de: "Ältere Einträge" },
  pages: { en: "Pages", fr: "Pages", de: "Seiten" },
} as const satisfies Texts;
