import type { Texts } from "../../layout/language.ts";

export const auditTexts = {
  title: { en: "Audit trail", fr: "Journal d'audit", de: "Prüfprotokoll" },
  lead: {
    en: "Each access to a record is written down. The entries form a chain: whoever changes, removes or adds one later breaks it.",
    fr: "Chaque accès à un dossier est consigné. Les entrées forment une chaîne : quiconque en modifie, en supprime ou en ajoute une après coup la rompt.",
    de: "Jeder Zugriff auf eine Akte wird aufgeschrieben. Die Einträge bilden eine Kette: Wer später einen ändert, entfernt oder hinzufügt, zerreißt sie.",
  },
  state: { en: "The record's chain now", fr: "La chaîne du dossier maintenant", de: "Die Kette der Akte jetzt" },
  sealed: { en: "Entries in the chain", fr: "Entrées dans la chaîne", de: "Einträge in der Kette" },
  waiting: { en: "Entries that wait for their place", fr: "Entrées en attente de leur place", de: "Einträge, die auf ihren Platz warten" },
  head: { en: "Head of the chain", fr: "Tête de la chaîne", de: "Kopf der Kette" },
  headHint: {
    en: "Note it somewhere outside of the platform: with it, a later verification finds a chain that was cut off.",
    fr: "Notez-la hors de la plateforme : avec elle, une vérification ultérieure détecte une chaîne tronquée.",
    de: "Notieren Sie ihn außerhalb der Plattform: Damit findet eine spätere Prüfung eine abgeschnittene Kette.",
  },
  verification: { en: "Verification", fr: "Vérification", de: "Prüfung" },
  never: {
    en: "The chain was never verified from here.",
    fr: "La chaîne n'a jamais été vérifiée d'ici.",
    de: "Die Kette wurde von hier noch nie geprüft.",
  },
  whole: { en: "The chain is whole", fr: "La chaîne est intacte", de: "Die Kette ist unversehrt" },
  wholeText: {
    en: "{count} entries were verified on {date}. Nothing was changed, removed or added.",
    fr: "{count} entrées ont été vérifiées le {date}. Rien n'a été modifié, supprimé ni ajouté.",
    de: "{count} Einträge wurden am {date} geprüft. Nichts wurde geändert, entfernt oder hinzugefügt.",
  },
  broken: { en: "The chain is broken", fr: "La chaîne est rompue", de: "Die Kette ist zerrissen" },
  brokenText: {
    en: "Defects found: {found}. Entries verified on {date}: {count}. Tell the people responsible for data protection and keep the database as it is.",
    fr: "Défauts trouvés : {found}. Entrées vérifiées le {date} : {count}. Prévenez les responsables de la protection des données et conservez la base de données en l'état.",
    de: "Gefundene Mängel: {found}. Am {date} geprüfte Einträge: {count}. Sagen Sie es den Verantwortlichen für den Datenschutz und lassen Sie die Datenbank, wie sie ist.",
  },
  going: {
    en: "A verification is under way: {count} of {all} entries so far. Reload the page to see more.",
    fr: "Une vérification est en cours : {count} entrées sur {all} jusqu'ici. Rechargez la page pour suivre.",
    de: "Eine Prüfung läuft: bisher {count} von {all} Einträgen. Laden Sie die Seite neu, um mehr zu sehen.",
  },
  stopped: {
    en: "A verification stopped after {count} of {all} entries. It goes on from there when you press the button.",
    fr: "Une vérification s'est arrêtée après {count} entrées sur {all}. Elle reprend à cet endroit quand vous appuyez sur le bouton.",
    de: "Eine Prüfung hielt nach {count} von {all} Einträgen an. Sie geht dort weiter, wenn Sie auf die Schaltfläche drücken.",
  },
  verify: { en: "Verify the whole chain", fr: "Vérifier toute la chaîne", de: "Die ganze Kette prüfen" },
  goOn: { en: "Go on verifying", fr: "Poursuivre la vérification", de: "Weiter prüfen" },
  reload: { en: "Reload", fr: "Recharger", de: "Neu laden" },
  place: { en: "Place", fr: "Position", de: "Stelle" },
  defect: { en: "Defect", fr: "Défaut", de: "Mangel" },
  noPlace: { en: "in no place of the chain", fr: "à aucune position de la chaîne", de: "an keiner Stelle der Kette" },
  changed: {
    en: "An entry or its link was changed",
    fr: "Une entrée ou son maillon a été modifié",
    de: "Ein Eintrag oder sein Glied wurde geändert",
  },
  removed: { en: "An entry was removed", fr: "Une entrée a été supprimée", de: "Ein Eintrag wurde entfernt" },
  gap: {
    en: "An entry was removed with its link",
    fr: "Une entrée a été supprimée avec son maillon",
    de: "Ein Eintrag wurde samt seinem Glied entfernt",
  },
  added: { en: "An entry was slipped in", fr: "Une entrée a été glissée", de: "Ein Eintrag wurde untergeschoben" },
  cut: {
    en: "Entries were cut off the end: an earlier verification saw more",
    fr: "Des entrées ont été tronquées à la fin : une vérification antérieure en voyait davantage",
    de: "Einträge wurden am Ende abgeschnitten: Eine frühere Prüfung sah mehr",
  },
  other: { en: "Something else is wrong", fr: "Autre chose ne va pas", de: "Etwas anderes stimmt nicht" },
  earlier: { en: "Earlier verifications", fr: "Vérifications antérieures", de: "Frühere Prüfungen" },
  earlierWhole: { en: "{count} entries, no defect", fr: "{count} entrées, aucun défaut", de: "{count} Einträge, kein Mangel" },
  earlierBroken: {
    en: "{count} entries, defects: {found}",
    fr: "{count} entrées, défauts : {found}",
    de: "{count} Einträge, Mängel: {found}",
  },
  recorded: {
    en: "That you looked at this page is written down as well.",
    fr: "Votre consultation de cette page est elle aussi consignée.",
    de: "Auch dass Sie diese Seite angesehen haben, wird aufgeschrieben.",
  },
} as const satisfies Texts;
