import type { Texts } from "../../layout/language.ts";

/** How a part of the record is called where there is no better name. */
export const entryTexts = {
  document: { en: "Document", fr: "Document", de: "Dokument" },
  report: { en: "Report", fr: "Compte rendu", de: "Befundbericht" },
  result: { en: "Result", fr: "Résultat", de: "Messwert" },
  noDate: { en: "Without a date", fr: "Sans date", de: "Ohne Datum" },
  by: { en: "by {name}", fr: "par {name}", de: "von {name}" },
  own: { en: "added by you", fr: "ajouté par vous", de: "von Ihnen hinzugefügt" },
  normal: { en: "Normal", fr: "Normal", de: "Normal" },
  restricted: { en: "Restricted", fr: "Restreint", de: "Eingeschränkt" },
  secret: { en: "Hidden", fr: "Masqué", de: "Verborgen" },
} as const satisfies Texts;
