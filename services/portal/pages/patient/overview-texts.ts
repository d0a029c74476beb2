import type { Texts } from "../../layout/language.ts";

export const overviewTexts = {
  title: { en: "Hello, {name}", fr: "Bonjour, {name}", de: "Guten Tag, {name}" },
  titleOther: { en: "Record of {name}", fr: "Dossier de {name}", de: "Akte von {name}" },
  titleNameless: { en: "Your record", fr: "Votre dossier", de: "Ihre Akte" },
  documents: { en: "Documents and results", fr: "Documents et résultats", de: "Dokumente und Befunde" },
  documentsWhy: {
    en: "Read, search and download them.",
    fr: "Les lire, rechercher et télécharger.",
    de: "Lesen, suchen und herunterladen.",
  },
  summary: { en: "Summary", fr: "Résumé", de: "Zusammenfassung" },
  summaryWhy: {
    en: "The essentials for a visit or a journey, to print.",
    fr: "L'essentiel pour une consultation ou un voyage, à imprimer.",
    de: "Das Wichtigste für einen Termin oder eine Reise, zum Drucken.",
  },
  upload: { en: "Add a document", fr: "Ajouter un document", de: "Dokument hinzufügen" },
  uploadWhy: {
    en: "A letter, a photo, your own notes.",
    fr: "Un courrier, une photo, vos notes.",
    de: "Ein Brief, ein Foto, eigene Notizen.",
  },
  accesses: { en: "Who looked", fr: "Qui a consulté", de: "Wer hat geschaut" },
  accessesWhy: {
    en: "Every access, in plain words.",
    fr: "Chaque accès, en mots simples.",
    de: "Jeder Zugriff, in klaren Worten.",
  },
  rights: { en: "Who may look", fr: "Qui peut consulter", de: "Wer darf schauen" },
  rightsWhy: {
    en: "Allow or block people and professions.",
    fr: "Autoriser ou bloquer des personnes et des professions.",
    de: "Personen und Berufsgruppen zulassen oder sperren.",
  },
  record: { en: "My record", fr: "Mon dossier", de: "Meine Akte" },
  recordWhy: {
    en: "Download everything, close or reopen it.",
    fr: "Tout télécharger, le fermer ou le rouvrir.",
    de: "Alles herunterladen, schließen oder wieder öffnen.",
  },
  newest: { en: "Newest documents and results", fr: "Documents et résultats les plus récents", de: "Neueste Dokumente und Befunde" },
  all: { en: "See all documents and results", fr: "Voir tous les documents et résultats", de: "Alle Dokumente und Befunde ansehen" },
  noDocuments: {
    en: "Nothing is here yet. Ask your practice to send new results here, or add a document yourself.",
    fr: "Il n'y a encore rien ici. Demandez à votre cabinet d'y envoyer les nouveaux résultats, ou ajoutez vous-même un document.",
    de: "Hier ist noch nichts. Bitten Sie Ihre Praxis, neue Befunde hierher zu senden, oder fügen Sie selbst ein Dokument hinzu.",
  },
  closed: {
    en: "Your record is closed: nobody but you can see it.",
    fr: "Votre dossier est fermé : vous seul pouvez le voir.",
    de: "Ihre Akte ist geschlossen: Niemand außer Ihnen kann sie sehen.",
  },
  closedLink: { en: "Open it again", fr: "Le rouvrir", de: "Wieder öffnen" },
  emergencyHeading: {
    en: "Your record was opened in an emergency",
    fr: "Votre dossier a été ouvert en urgence",
    de: "Ihre Akte wurde in einem Notfall geöffnet",
  },
  emergency: { en: "{when}. The reason given: {why}", fr: "{when}. Motif indiqué : {why}", de: "{when}. Angegebener Grund: {why}" },
  emergencyLink: { en: "See who looked", fr: "Voir qui a consulté", de: "Sehen, wer geschaut hat" },
} as const satisfies Texts;
