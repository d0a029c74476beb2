import type { Texts } from "../../layout/language.ts";

export const trainingTexts = {
  title: { en: "Training", fr: "Formation", de: "Schulung" },
  lead: {
    en: 'Practise with invented patients whose names begin with "Test". Nothing that you do there concerns a real person.',
    fr: "Exercez-vous avec des patients inventés dont le nom commence par « Test ». Rien de ce que vous y faites ne concerne une vraie personne.",
    de: "Üben Sie mit erfundenen Personen, deren Namen mit „Test“ beginnen. Nichts davon betrifft eine wirkliche Person.",
  },
  progress: { en: "{done} of {all} exercises done", fr: "{done} exercices sur {all} terminés", de: "{done} von {all} Übungen erledigt" },
  done: { en: "done", fr: "fait", de: "erledigt" },
  try: { en: "Try it", fr: "Essayer", de: "Ausprobieren" },
  mark: { en: "I have done it", fr: "C'est fait", de: "Erledigt" },
  restart: { en: "Begin the training again", fr: "Recommencer la formation", de: "Schulung von vorn beginnen" },
  finished: {
    en: "You have done all exercises. Well done.",
    fr: "Vous avez terminé tous les exercices. Bravo.",
    de: "Sie haben alle Übungen gemacht. Sehr gut.",
  },
  reading: { en: "Reading a record", fr: "Lire un dossier", de: "Eine Akte lesen" },
  find: {
    en: 'Find "Test-01", born on 1 January 1940, by name and day of birth.',
    fr: "Trouvez « Test-01 », né le 1er janvier 1940, par nom et date de naissance.",
    de: "Finden Sie „Test-01“, geboren am 1. Januar 1940, mit Namen und Geburtstag.",
  },
  open: {
    en: "Open the record of Test-01 and give a reason. Notice what stands first: allergies, medication, problems.",
    fr: "Ouvrez le dossier de Test-01 et indiquez un motif. Observez ce qui vient en premier : allergies, médicaments, problèmes.",
    de: "Öffnen Sie die Akte von Test-01 und nennen Sie einen Grund. Achten Sie darauf, was zuerst steht: Allergien, Medikamente, Probleme.",
  },
  documents: {
    en: "Look through all documents and results of Test-01 and open one.",
    fr: "Parcourez tous les documents et résultats de Test-01 et ouvrez-en un.",
    de: "Sehen Sie alle Dokumente und Werte von Test-01 durch und öffnen Sie eines.",
  },
  writing: { en: "Writing", fr: "Rédiger", de: "Schreiben" },
  note: {
    en: "Write a short note in the record of Test-02.",
    fr: "Rédigez une courte note dans le dossier de Test-02.",
    de: "Schreiben Sie eine kurze Notiz in die Akte von Test-02.",
  },
  letter: {
    en: "Write a letter about Test-02 from a template. See how it is filled.",
    fr: "Rédigez un courrier sur Test-02 à partir d'un modèle. Voyez comment il se remplit.",
    de: "Schreiben Sie einen Brief über Test-02 mit einer Vorlage. Sehen Sie, wie sie gefüllt wird.",
  },
  deposit: {
    en: "Add a file of your computer to the record of Test-02: choose it, or drop it on the field.",
    fr: "Ajoutez un fichier de votre ordinateur au dossier de Test-02 : choisissez-le ou déposez-le sur le champ.",
    de: "Legen Sie eine Datei Ihres Rechners in die Akte von Test-02: auswählen oder auf das Feld ziehen.",
  },
  prescribe: { en: "Prescribe something for Test-02.", fr: "Prescrivez quelque chose à Test-02.", de: "Verordnen Sie Test-02 etwas." },
  together: { en: "Working together", fr: "Collaborer", de: "Zusammenarbeiten" },
  visit: {
    en: "Plan a visit of Test-03 and finish it in the agenda.",
    fr: "Planifiez une visite de Test-03 et terminez-la dans l'agenda.",
    de: "Planen Sie einen Besuch von Test-03 und beenden Sie ihn in der Agenda.",
  },
  message: {
    en: "Send a colleague a message about Test-03.",
    fr: "Envoyez à un confrère un message sur Test-03.",
    de: "Senden Sie jemandem eine Nachricht zu Test-03.",
  },
  inbox: { en: "Look into your messages.", fr: "Consultez vos messages.", de: "Sehen Sie Ihre Nachrichten an." },
  limits: { en: "Limits and emergencies", fr: "Limites et urgences", de: "Grenzen und Notfälle" },
  emergency: {
    en: "Read what an emergency access means. You need not carry it out, but with Test-04 you may.",
    fr: "Lisez ce que signifie un accès d'urgence. Inutile de l'exécuter, mais avec Test-04 vous le pouvez.",
    de: "Lesen Sie, was ein Notfallzugriff bedeutet. Sie müssen ihn nicht ausführen, mit Test-04 dürfen Sie es.",
  },
  delegation: {
    en: 'Read in "Colleagues" how far one may act for another.',
    fr: "Lisez dans « Confrères » dans quelle mesure on peut se remplacer.",
    de: "Lesen Sie unter „Kolleginnen und Kollegen“, wie weit man einander vertreten kann.",
  },
} as const satisfies Texts;
