import type { Texts } from "../../layout/language.ts";

export const helpTexts = {
  title: { en: "Help and contact", fr: "Aide et contact", de: "Hilfe und Kontakt" },
  emergencyHeading: {
    en: "You need medical help now",
    fr: "Vous avez besoin d'une aide médicale immédiate",
    de: "Sie brauchen jetzt medizinische Hilfe",
  },
  emergency: {
    en: "Call 112. Nobody reads this site in an emergency.",
    fr: "Appelez le 112. Personne ne surveille ce site en cas d'urgence.",
    de: "Rufen Sie 112 an. Diese Seite wird in Notfällen von niemandem gelesen.",
  },
  signInHeading: { en: "You cannot sign in", fr: "Vous ne pouvez pas vous connecter", de: "Sie können sich nicht anmelden" },
  signIn: {
    en: "If you have lost your password or your phone, ask the service desk for a code. The sign-in page says where to enter it.",
    fr: "Si vous avez perdu votre mot de passe ou votre téléphone, demandez un code au service d'assistance. La page de connexion indique où le saisir.",
    de: "Wenn Sie Ihr Passwort oder Ihr Telefon verloren haben, fragen Sie den Servicedesk nach einem Code. Die Anmeldeseite sagt, wo er einzugeben ist.",
  },
  lostHeading: {
    en: "A page does not come, or comes slowly",
    fr: "Une page n'arrive pas ou arrive lentement",
    de: "Eine Seite kommt nicht oder langsam",
  },
  lost: {
    en: "Wait a few seconds and press the button again. The platform stands in two buildings, and one takes over from the other; what you send twice is done once.",
    fr: "Attendez quelques secondes et appuyez de nouveau. La plateforme est installée dans deux bâtiments, et l'un prend le relais de l'autre ; ce que vous envoyez deux fois n'est fait qu'une fois.",
    de: "Warten Sie ein paar Sekunden und drücken Sie noch einmal. Die Plattform steht in zwei Gebäuden, und eines springt für das andere ein; was Sie zweimal senden, geschieht nur einmal.",
  },
  wrongHeading: {
    en: "Something in your record is wrong",
    fr: "Une information de votre dossier est erronée",
    de: "Etwas in Ihrer Akte stimmt nicht",
  },
  wrong: {
    en: "Ask the person who wrote it; their name stands beside the document. If somebody looked who should not have, report it on the page “Who looked”.",
    fr: "Adressez-vous à la personne qui l'a rédigée ; son nom figure à côté du document. Si quelqu'un a consulté sans raison, signalez-le sur la page « Qui a consulté ».",
    de: "Fragen Sie die Person, die es geschrieben hat; ihr Name steht beim Dokument. Wenn jemand geschaut hat, der das nicht durfte, melden Sie es auf der Seite „Wer hat geschaut“.",
  },
  contactHeading: { en: "Write to us", fr: "Nous écrire", de: "Schreiben Sie uns" },
  contact: {
    en: "This installation has no helpdesk address yet: its operator enters one before patients use it.",
    fr: "Cette installation n'a pas encore d'adresse d'assistance : l'exploitant l'indique avant que des patients ne l'utilisent.",
    de: "Diese Installation hat noch keine Adresse für Hilfe: Der Betreiber trägt sie ein, bevor Patientinnen und Patienten sie nutzen.",
  },
  contactAt: {
    en: "You reach the helpdesk at {contact}.",
    fr: "Vous joignez l'assistance à l'adresse {contact}.",
    de: "Sie erreichen unsere Hilfe unter {contact}.",
  },
} as const satisfies Texts;
