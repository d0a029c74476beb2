import type { Texts } from "../../layout/language.ts";

export const startTexts = {
  title: { en: "First steps", fr: "Premiers pas", de: "Erste Schritte" },
  lead: {
    en: "From nothing to the first document in a record. You can stop at any time and go on later.",
    fr: "De rien au premier document dans un dossier. Vous pouvez vous arrêter à tout moment et reprendre plus tard.",
    de: "Von nichts bis zum ersten Dokument in einer Akte. Sie können jederzeit aufhören und später weitermachen.",
  },
  progress: { en: "{done} of {all} steps done", fr: "{done} étapes sur {all} terminées", de: "{done} von {all} Schritten erledigt" },
  done: { en: "done", fr: "fait", de: "erledigt" },
  next: { en: "next", fr: "à faire", de: "als Nächstes" },
  go: { en: "Start this step", fr: "Commencer cette étape", de: "Schritt beginnen" },
  again: { en: "Once more", fr: "Encore une fois", de: "Noch einmal" },
  skip: { en: "I do not need this", fr: "Je n'en ai pas besoin", de: "Brauche ich nicht" },
  finished: {
    en: "All is done. Your practice works with the shared record now.",
    fr: "Tout est fait. Votre cabinet travaille maintenant avec le dossier partagé.",
    de: "Alles erledigt. Ihre Praxis arbeitet jetzt mit der geteilten Akte.",
  },
  restart: { en: "Begin again", fr: "Recommencer", de: "Von vorn beginnen" },
  home: { en: "To the start page", fr: "Vers l'accueil", de: "Zur Startseite" },
  profile: { en: "Your letter head", fr: "Votre en-tête", de: "Ihr Briefkopf" },
  profileHow: {
    en: "Name, address and telephone of the practice, for the top of your letters.",
    fr: "Nom, adresse et téléphone du cabinet, pour l'en-tête de vos courriers.",
    de: "Name, Adresse und Telefon der Praxis, für den Kopf Ihrer Briefe.",
  },
  find: { en: "Open a record", fr: "Ouvrir un dossier", de: "Eine Akte öffnen" },
  findHow: {
    en: "Find a patient by number or by name and day of birth, and say why you open the record.",
    fr: "Trouvez un patient par son numéro ou par nom et date de naissance, et indiquez pourquoi vous ouvrez le dossier.",
    de: "Finden Sie jemanden mit Nummer oder Namen und Geburtstag, und sagen Sie, warum Sie die Akte öffnen.",
  },
  agenda: { en: "Plan a visit", fr: "Planifier une visite", de: "Einen Besuch planen" },
  agendaHow: {
    en: "Put the patient into the agenda of today or of another day.",
    fr: "Inscrivez le patient dans l'agenda d'aujourd'hui ou d'un autre jour.",
    de: "Tragen Sie sie oder ihn für heute oder einen anderen Tag in die Agenda ein.",
  },
  letter: { en: "Write a letter", fr: "Rédiger un courrier", de: "Einen Brief schreiben" },
  letterHow: {
    en: 'Open the record, choose "Write a letter" and a template: it fills itself.',
    fr: "Ouvrez le dossier, choisissez « Rédiger un courrier » et un modèle : il se remplit tout seul.",
    de: "Öffnen Sie die Akte, wählen Sie „Brief schreiben“ und eine Vorlage: Sie füllt sich selbst.",
  },
  deposit: { en: "Put a document into the record", fr: "Ajouter un document au dossier", de: "Ein Dokument in die Akte legen" },
  depositHow: {
    en: 'In the record choose "Add a document", or keep the letter that you have written.',
    fr: "Dans le dossier choisissez « Ajouter un document », ou enregistrez le courrier que vous avez rédigé.",
    de: "Wählen Sie in der Akte „Dokument hinzufügen“, oder legen Sie den geschriebenen Brief ab.",
  },
  saved: { en: "Saved.", fr: "Enregistré.", de: "Gespeichert." },
} as const satisfies Texts;
