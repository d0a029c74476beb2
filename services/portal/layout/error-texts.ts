import type { Texts } from "./language.ts";

/** What people read when something did not go as it should: what happened, and what to do. */
export const errorTexts = {
  notFoundTitle: { en: "This page is not here", fr: "Cette page n'existe pas", de: "Diese Seite gibt es nicht" },
  notFound: {
    en: "The address may be mistyped, or what was here has been removed or is not open to you.",
    fr: "L'adresse est peut-être erronée, ou le contenu a été retiré ou ne vous est pas accessible.",
    de: "Vielleicht ist die Adresse falsch geschrieben, oder der Inhalt wurde entfernt oder ist für Sie nicht zugänglich.",
  },
  forbiddenTitle: { en: "This is not open to you", fr: "Cet accès ne vous est pas ouvert", de: "Das ist für Sie nicht zugänglich" },
  forbidden: {
    en: "You are signed in, but this part is for somebody else. If you think that is wrong, please contact us.",
    fr: "Vous êtes connecté, mais cette partie est destinée à d'autres personnes. Si vous pensez qu'il s'agit d'une erreur, contactez-nous.",
    de: "Sie sind angemeldet, aber dieser Teil ist für andere bestimmt. Wenn Sie meinen, dass das ein Irrtum ist, melden Sie sich bei uns.",
  },
  staleTitle: { en: "Please send this again", fr: "Veuillez renvoyer votre demande", de: "Bitte senden Sie das noch einmal" },
  stale: {
    en: "The page had been open too long or came from an earlier sign-in. Nothing was changed. Go back, reload the page and send it again.",
    fr: "La page était ouverte depuis trop longtemps ou datait d'une connexion précédente. Rien n'a été modifié. Revenez en arrière, rechargez la page et renvoyez.",
    de: "Die Seite war zu lange offen oder stammte von einer früheren Anmeldung. Es wurde nichts geändert. Gehen Sie zurück, laden Sie die Seite neu und senden Sie noch einmal.",
  },
  changedTitle: { en: "Somebody changed this just now", fr: "Cet élément vient d'être modifié", de: "Das wurde gerade geändert" },
  changed: {
    en: "It was changed in another window or by somebody else. Go back and reload the page to see it as it is now.",
    fr: "Il a été modifié dans une autre fenêtre ou par quelqu'un d'autre. Revenez en arrière et rechargez la page pour voir l'état actuel.",
    de: "Es wurde in einem anderen Fenster oder von jemand anderem geändert. Gehen Sie zurück und laden Sie die Seite neu, um den jetzigen Stand zu sehen.",
  },
  tooLongTitle: { en: "This is too large", fr: "C'est trop volumineux", de: "Das ist zu groß" },
  tooLong: {
    en: "A file may have at most 5 MB. Please choose a smaller one, for example a photo with a lower resolution.",
    fr: "Un fichier peut avoir 5 Mo au maximum. Choisissez-en un plus petit, par exemple une photo de moindre résolution.",
    de: "Eine Datei darf höchstens 5 MB haben. Bitte wählen Sie eine kleinere, zum Beispiel ein Foto mit geringerer Auflösung.",
  },
  brokenTitle: {
    en: "Something went wrong on our side",
    fr: "Une erreur est survenue de notre côté",
    de: "Bei uns ist etwas schiefgegangen",
  },
  broken: {
    en: "Our operators have been told. Please try again; if it happens again, contact us and give the number below.",
    fr: "Nos équipes ont été prévenues. Veuillez réessayer ; si le problème persiste, contactez-nous en indiquant le numéro ci-dessous.",
    de: "Unsere Technik weiß Bescheid. Bitte versuchen Sie es noch einmal; wenn es wieder geschieht, melden Sie sich mit der Nummer unten bei uns.",
  },
  unavailableTitle: { en: "One moment, please", fr: "Un instant, s'il vous plaît", de: "Einen Moment bitte" },
  unavailable: {
    en: "A part of the platform is being replaced by another at this moment. Your data is safe, and what you typed is kept. Please try again in a few seconds.",
    fr: "Une partie de la plateforme est en train d'être relayée par une autre. Vos données sont en sécurité et votre saisie est conservée. Réessayez dans quelques secondes.",
    de: "Ein Teil der Plattform wird gerade durch einen anderen ersetzt. Ihre Daten sind sicher, und Ihre Eingaben bleiben erhalten. Bitte versuchen Sie es in ein paar Sekunden noch einmal.",
  },
  refusedTitle: { en: "This could not be done", fr: "Cette action n'a pas abouti", de: "Das ging nicht" },
  refused: {
    en: "The record did not accept it. Nothing was changed. Please go back and check what you entered.",
    fr: "Le dossier ne l'a pas accepté. Rien n'a été modifié. Revenez en arrière et vérifiez votre saisie.",
    de: "Die Akte hat es nicht angenommen. Es wurde nichts geändert. Bitte gehen Sie zurück und prüfen Sie Ihre Eingaben.",
  },
  signInTitle: { en: "The sign-in did not work", fr: "La connexion n'a pas abouti", de: "Die Anmeldung hat nicht geklappt" },
  signIn: {
    en: "It was cancelled, or it took too long. You can simply start again.",
    fr: "Elle a été annulée ou a duré trop longtemps. Vous pouvez simplement recommencer.",
    de: "Sie wurde abgebrochen oder hat zu lange gedauert. Sie können einfach neu beginnen.",
  },
  again: { en: "Try again", fr: "Réessayer", de: "Noch einmal versuchen" },
  home: { en: "Go to the start page", fr: "Aller à l'accueil", de: "Zur Startseite" },
  number: { en: "Number for our support: {id}", fr: "Numéro pour notre assistance : {id}", de: "Nummer für unsere Hilfe: {id}" },
} as const satisfies Texts;
