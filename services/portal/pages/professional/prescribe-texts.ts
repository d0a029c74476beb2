import type { Texts } from "../../layout/language.ts";

export const prescribeTexts = {
  title: { en: "Prescribe", fr: "Prescrire", de: "Verordnen" },
  allergies: { en: "Allergies and intolerances", fr: "Allergies et intolérances", de: "Allergien und Unverträglichkeiten" },
  noAllergies: {
    en: "No allergy is recorded, or none that is open to you. Ask the patient.",
    fr: "Aucune allergie n'est enregistrée, ou aucune qui vous soit ouverte. Interrogez le patient.",
    de: "Keine Allergie ist eingetragen, oder keine, die für Sie zugänglich ist. Fragen Sie nach.",
  },
  current: { en: "Present medication", fr: "Traitement actuel", de: "Jetzige Medikamente" },
  nothing: { en: "Nothing is recorded.", fr: "Rien n'est enregistré.", de: "Nichts ist eingetragen." },
  medication: { en: "Medicine and strength", fr: "Médicament et dosage", de: "Arzneimittel und Stärke" },
  medicationHint: {
    en: "For example: Metformin 500 mg, tablets",
    fr: "Par exemple : Metformine 500 mg, comprimés",
    de: "Zum Beispiel: Metformin 500 mg, Tabletten",
  },
  dosage: { en: "How to take it", fr: "Posologie", de: "Einnahme" },
  dosageHint: {
    en: "For example: 1-0-1-0 with meals, for 30 days",
    fr: "Par exemple : 1-0-1-0 pendant les repas, 30 jours",
    de: "Zum Beispiel: 1-0-1-0 zu den Mahlzeiten, 30 Tage lang",
  },
  quantity: { en: "Packs", fr: "Nombre de boîtes", de: "Packungen" },
  repeats: { en: "Repeats", fr: "Renouvellements", de: "Wiederholungen" },
  until: { en: "Valid until", fr: "Valable jusqu'au", de: "Gültig bis" },
  reason: { en: "Reason", fr: "Motif", de: "Grund" },
  note: { en: "Note to the pharmacy", fr: "Remarque pour la pharmacie", de: "Hinweis für die Apotheke" },
  substitution: { en: "Substitution", fr: "Substitution", de: "Austausch" },
  substitutionAllowed: {
    en: "The pharmacy may give an equivalent",
    fr: "La pharmacie peut délivrer un équivalent",
    de: "Die Apotheke darf ein gleichwertiges Mittel abgeben",
  },
  check: { en: "Please confirm", fr: "Veuillez confirmer", de: "Bitte bestätigen" },
  checked: {
    en: "I have compared this with the allergies and the present medication",
    fr: "J'ai comparé avec les allergies et le traitement actuel",
    de: "Ich habe das mit Allergien und jetzigen Medikamenten verglichen",
  },
  submit: { en: "Prescribe", fr: "Prescrire", de: "Verordnen" },
  medicationMissing: { en: "Enter the medicine", fr: "Saisissez le médicament", de: "Geben Sie das Arzneimittel ein" },
  dosageMissing: { en: "Enter how to take it", fr: "Saisissez la posologie", de: "Geben Sie die Einnahme ein" },
  quantityWrong: { en: "Enter a number from 1 to 20", fr: "Saisissez un nombre de 1 à 20", de: "Geben Sie eine Zahl von 1 bis 20 ein" },
  repeatsWrong: { en: "Enter a number from 0 to 12", fr: "Saisissez un nombre de 0 à 12", de: "Geben Sie eine Zahl von 0 bis 12 ein" },
  untilWrong: { en: "Choose a day from today on", fr: "Choisissez une date à partir d'aujourd'hui", de: "Wählen Sie einen Tag ab heute" },
  checkMissing: {
    en: "Confirm that you have compared it",
    fr: "Confirmez que vous avez comparé",
    de: "Bestätigen Sie, dass Sie verglichen haben",
  },
  notAllowed: {
    en: "Your profession may not prescribe here, or the record is not open to you",
    fr: "Votre profession ne peut pas prescrire ici, ou le dossier ne vous est pas ouvert",
    de: "Ihr Beruf darf hier nicht verordnen, oder die Akte ist für Sie nicht zugänglich",
  },
} as const satisfies Texts;
