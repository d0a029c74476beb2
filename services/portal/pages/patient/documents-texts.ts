import type { Texts } from "../../layout/language.ts";

export const documentsTexts = {
  title: { en: "Documents and results", fr: "Documents et résultats", de: "Dokumente und Befunde" },
  filters: { en: "Search", fr: "Rechercher", de: "Suchen" },
  words: { en: "Words", fr: "Mots", de: "Wörter" },
  kind: { en: "Show", fr: "Afficher", de: "Zeigen" },
  all: { en: "Everything", fr: "Tout", de: "Alles" },
  document: { en: "Documents", fr: "Documents", de: "Dokumente" },
  report: { en: "Reports", fr: "Comptes rendus", de: "Befundberichte" },
  result: { en: "Single results", fr: "Résultats isolés", de: "Einzelne Werte" },
  from: { en: "From", fr: "Du", de: "Von" },
  to: { en: "Until", fr: "Au", de: "Bis" },
  search: { en: "Search", fr: "Rechercher", de: "Suchen" },
  reset: { en: "Show everything", fr: "Tout afficher", de: "Alles zeigen" },
  add: { en: "Add a document", fr: "Ajouter un document", de: "Dokument hinzufügen" },
  nothing: {
    en: "Nothing was found. Try fewer words or a longer period.",
    fr: "Rien n'a été trouvé. Essayez avec moins de mots ou une période plus longue.",
    de: "Es wurde nichts gefunden. Versuchen Sie es mit weniger Wörtern oder einem längeren Zeitraum.",
  },
  added: {
    en: "The document is in your record now.",
    fr: "Le document est maintenant dans votre dossier.",
    de: "Das Dokument ist jetzt in Ihrer Akte.",
  },
  removed: { en: "The document was deleted.", fr: "Le document a été supprimé.", de: "Das Dokument wurde gelöscht." },
} as const satisfies Texts;
