import type { Texts } from "../../layout/language.ts";

export const recordTexts = {
  title: { en: "My record", fr: "Mon dossier", de: "Meine Akte" },
  lead: {
    en: "The record is yours: take it with you, close it, open it again.",
    fr: "Le dossier vous appartient : emportez-le, fermez-le, rouvrez-le.",
    de: "Die Akte gehört Ihnen: Nehmen Sie sie mit, schließen Sie sie, öffnen Sie sie wieder.",
  },
  download: { en: "Download everything", fr: "Tout télécharger", de: "Alles herunterladen" },
  downloadHint: {
    en: "One ZIP file with every document as a file and everything else in the international format FHIR. Keep it in a safe place.",
    fr: "Un fichier ZIP avec chaque document et toutes les autres données au format international FHIR. Conservez-le en lieu sûr.",
    de: "Eine ZIP-Datei mit jedem Dokument als Datei und allem anderen im internationalen Format FHIR. Bewahren Sie sie sicher auf.",
  },
  open: { en: "Your record is open", fr: "Votre dossier est ouvert", de: "Ihre Akte ist offen" },
  closed: { en: "Your record is closed", fr: "Votre dossier est fermé", de: "Ihre Akte ist geschlossen" },
  closeHint: {
    en: "When you close it, nobody but you can see it, also not in an emergency and not the people you trust. Nothing is deleted. What you allowed and blocked comes back when you open it again.",
    fr: "Si vous le fermez, vous seul pouvez le voir : ni en cas d'urgence, ni les personnes de confiance n'y ont accès. Rien n'est supprimé. Vos autorisations et blocages reviennent à la réouverture.",
    de: "Wenn Sie sie schließen, kann niemand außer Ihnen sie sehen, auch nicht im Notfall und auch nicht Ihre Vertrauenspersonen. Es wird nichts gelöscht. Was Sie zugelassen und gesperrt haben, gilt nach dem Öffnen wieder.",
  },
  close: { en: "Close my record", fr: "Fermer mon dossier", de: "Meine Akte schließen" },
  sure: {
    en: "I have understood this and want to close my record",
    fr: "J'ai compris et je veux fermer mon dossier",
    de: "Ich habe das verstanden und will meine Akte schließen",
  },
  sureMissing: {
    en: "Tick the box if you want to close your record",
    fr: "Cochez la case si vous voulez fermer votre dossier",
    de: "Kreuzen Sie das Feld an, wenn Sie Ihre Akte schließen wollen",
  },
  confirm: { en: "Please confirm", fr: "Veuillez confirmer", de: "Bitte bestätigen" },
  closedHint: {
    en: "Nobody but you can see it. Those who treat you do not know what is in it, also not in an emergency.",
    fr: "Vous seul pouvez le voir. Ceux qui vous soignent ignorent son contenu, même en cas d'urgence.",
    de: "Niemand außer Ihnen kann sie sehen. Wer Sie behandelt, weiß nicht, was darin steht, auch nicht im Notfall.",
  },
  reopen: { en: "Open my record again", fr: "Rouvrir mon dossier", de: "Meine Akte wieder öffnen" },
  done: { en: "Done. It holds from now on.", fr: "C'est fait, avec effet immédiat.", de: "Erledigt. Es gilt ab sofort." },
  account: { en: "Sign-in and security", fr: "Connexion et sécurité", de: "Anmeldung und Sicherheit" },
  accountHint: {
    en: "Password, passkeys, codes on your phone, and where you are signed in.",
    fr: "Mot de passe, clés d'accès, codes sur le téléphone, et où vous êtes connecté.",
    de: "Passwort, Passkeys, Codes auf dem Telefon, und wo Sie angemeldet sind.",
  },
} as const satisfies Texts;
