import type { Texts } from "../../layout/language.ts";

export const findPatientTexts = {
  title: { en: "Find a patient", fr: "Trouver un patient", de: "Patient finden" },
  lead: {
    en: "By the national number, or by name and day of birth. Both are on the patient's card.",
    fr: "Par le numéro national, ou par le nom et la date de naissance. Les deux figurent sur la carte du patient.",
    de: "Mit der nationalen Nummer oder mit Namen und Geburtstag. Beides steht auf der Karte.",
  },
  number: { en: "National number", fr: "Numéro national", de: "Nationale Nummer" },
  numberHint: {
    en: "13 digits; spaces do not matter",
    fr: "13 chiffres ; les espaces sont sans importance",
    de: "13 Ziffern; Leerzeichen sind egal",
  },
  or: { en: "or", fr: "ou", de: "oder" },
  name: { en: "Name", fr: "Nom", de: "Name" },
  nameHint: {
    en: "Family name, given name, or both; the spelling need not be exact",
    fr: "Nom, prénom, ou les deux ; l'orthographe exacte n'est pas nécessaire",
    de: "Familienname, Vorname oder beides; auf die genaue Schreibweise kommt es nicht an",
  },
  birthDate: { en: "Day of birth", fr: "Date de naissance", de: "Geburtstag" },
  submit: { en: "Search", fr: "Rechercher", de: "Suchen" },
  results: { en: "Found", fr: "Résultats", de: "Gefunden" },
  nobody: {
    en: "Nobody was found. Check the digits, or search by name and day of birth.",
    fr: "Personne n'a été trouvé. Vérifiez les chiffres, ou cherchez par nom et date de naissance.",
    de: "Niemand wurde gefunden. Prüfen Sie die Ziffern, oder suchen Sie mit Namen und Geburtstag.",
  },
  nothing: {
    en: "Enter the national number, or a name and the day of birth",
    fr: "Saisissez le numéro national, ou un nom et la date de naissance",
    de: "Geben Sie die nationale Nummer ein, oder einen Namen und den Geburtstag",
  },
  birthDateMissing: {
    en: "Enter the day of birth to the name",
    fr: "Saisissez la date de naissance en plus du nom",
    de: "Geben Sie zum Namen den Geburtstag ein",
  },
  birthDateWrong: {
    en: "Enter a day of birth that is not in the future",
    fr: "Saisissez une date de naissance qui n'est pas dans le futur",
    de: "Geben Sie einen Geburtstag ein, der nicht in der Zukunft liegt",
  },
  nameShort: {
    en: "Enter a name of at least two letters",
    fr: "Saisissez un nom d'au moins deux lettres",
    de: "Geben Sie einen Namen mit mindestens zwei Buchstaben ein",
  },
  open: { en: "Open the record", fr: "Ouvrir le dossier", de: "Akte öffnen" },
  plan: { en: "Plan a visit", fr: "Planifier une visite", de: "Besuch planen" },
  recent: { en: "Opened in the last hours", fr: "Ouverts ces dernières heures", de: "In den letzten Stunden geöffnet" },
  seen: { en: "Every search is recorded.", fr: "Chaque recherche est journalisée.", de: "Jede Suche wird protokolliert." },
} as const satisfies Texts;
