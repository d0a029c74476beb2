import type { Texts } from "../../layout/language.ts";

export const summaryTexts = {
  title: { en: "Summary of {name}", fr: "Résumé de {name}", de: "Zusammenfassung von {name}" },
  titleNameless: { en: "Summary", fr: "Résumé", de: "Zusammenfassung" },
  lead: {
    en: "The essentials for somebody who treats you and does not know you: here or abroad.",
    fr: "L'essentiel pour quelqu'un qui vous soigne sans vous connaître : ici ou à l'étranger.",
    de: "Das Wichtigste für alle, die Sie behandeln und nicht kennen: hier oder im Ausland.",
  },
  made: { en: "Made on {when}.", fr: "Établi le {when}.", de: "Erstellt am {when}." },
  print: { en: "Print", fr: "Imprimer", de: "Drucken" },
  download: { en: "Download for software (FHIR)", fr: "Télécharger pour un logiciel (FHIR)", de: "Für Software herunterladen (FHIR)" },
  born: { en: "Born", fr: "Né(e) le", de: "Geboren" },
  number: { en: "National number", fr: "Matricule", de: "Nationale Nummer" },
} as const satisfies Texts;
