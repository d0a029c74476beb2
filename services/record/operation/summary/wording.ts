import type { Language } from "../../../lib/language.ts";

export type Wording = Readonly<Record<Language, string>>;

const wording = (en: string, fr: string, de: string): Wording => ({ en, fr, de });

export const titles = {
  summary: wording("International Patient Summary", "Résumé patient international", "Internationale Patientenkurzakte"),
  problems: wording("Problem list", "Liste des problèmes", "Problemliste"),
  allergies: wording("Allergies and intolerances", "Allergies et intolérances", "Allergien und Unverträglichkeiten"),
  medications: wording("Medication summary", "Médicaments", "Medikation"),
  immunizations: wording("Immunizations", "Vaccinations", "Impfungen"),
  results: wording("Results", "Résultats", "Befunde"),
  procedures: wording("History of procedures", "Actes et interventions", "Eingriffe"),
  advanceDirectives: wording("Advance directives", "Directives anticipées", "Patientenverfügungen"),
  pastIllness: wording("History of past illness", "Antécédents médicaux", "Frühere Erkrankungen"),
  pregnancy: wording("History of pregnancy", "Grossesses", "Schwangerschaften"),
  planOfCare: wording("Plan of care", "Plan de soins", "Behandlungsplan"),
  socialHistory: wording("Social history", "Mode de vie", "Sozialanamnese"),
  vitalSigns: wording("Vital signs", "Signes vitaux", "Vitalzeichen"),
};

export const headings = {
  allergen: wording("Substance", "Substance", "Substanz"),
  batch: wording("Lot number", "Numéro de lot", "Chargennummer"),
  birthDate: wording("Date of birth", "Date de naissance", "Geburtsdatum"),
  certainty: wording("Certainty", "Certitude", "Sicherheit"),
  criticality: wording("Criticality", "Criticité", "Kritikalität"),
  date: wording("Date", "Date", "Datum"),
  directive: wording("Directive", "Directive", "Verfügung"),
  dosage: wording("Dosage", "Posologie", "Dosierung"),
  dose: wording("Dose", "Dose", "Dosis"),
  end: wording("Until", "Jusqu'au", "Bis"),
  gender: wording("Sex", "Sexe", "Geschlecht"),
  identifier: wording("Identifier", "Identifiant", "Kennung"),
  measure: wording("Measurement", "Mesure", "Messgröße"),
  medication: wording("Medication", "Médicament", "Medikament"),
  name: wording("Name", "Nom", "Name"),
  plan: wording("Plan", "Plan", "Plan"),
  problem: wording("Problem", "Problème", "Problem"),
  procedure: wording("Procedure", "Acte", "Eingriff"),
  reaction: wording("Reaction", "Réaction", "Reaktion"),
  referenceRange: wording("Reference range", "Valeurs de référence", "Referenzbereich"),
  result: wording("Result", "Résultat", "Ergebnis"),
  severity: wording("Severity", "Sévérité", "Schweregrad"),
  since: wording("Since", "Depuis", "Seit"),
  site: wording("Body site", "Localisation", "Körperstelle"),
  status: wording("Status", "Statut", "Status"),
  test: wording("Test", "Examen", "Untersuchung"),
  vaccine: wording("Vaccine", "Vaccin", "Impfstoff"),
};
export type Heading = keyof typeof headings;

export const sentences = {
  none: wording("No information is available.", "Aucune information n'est disponible.", "Es liegen keine Angaben vor."),
  made: wording(
    "Put together automatically from what the shared care record holds and the requester may see.",
    "Établi automatiquement à partir de ce que contient le dossier de soins partagé et que le demandeur peut consulter.",
    "Automatisch zusammengestellt aus dem, was die gemeinsame Akte enthält und die anfragende Person sehen darf.",
  ),
  qualified: wording(
    "with a restriction that is only in the entry itself",
    "avec une restriction qui ne figure que dans l'entrée elle-même",
    "mit einer Einschränkung, die nur im Eintrag selbst steht",
  ),
};

/** FHIR's own codes where they are shown without a display. */
const words: Readonly<Record<string, Wording>> = {
  active: wording("active", "actif", "aktiv"),
  amended: wording("amended", "modifié", "ergänzt"),
  asNeeded: wording("as needed", "si besoin", "bei Bedarf"),
  completed: wording("completed", "terminé", "abgeschlossen"),
  confirmed: wording("confirmed", "confirmé", "bestätigt"),
  corrected: wording("corrected", "corrigé", "korrigiert"),
  differential: wording("differential diagnosis", "diagnostic différentiel", "Differenzialdiagnose"),
  false: wording("no", "non", "nein"),
  female: wording("female", "féminin", "weiblich"),
  final: wording("final", "définitif", "endgültig"),
  high: wording("high", "élevée", "hoch"),
  inactive: wording("inactive", "inactif", "inaktiv"),
  "in-progress": wording("in progress", "en cours", "laufend"),
  intended: wording("intended", "prévu", "vorgesehen"),
  low: wording("low", "faible", "niedrig"),
  male: wording("male", "masculin", "männlich"),
  mild: wording("mild", "léger", "leicht"),
  moderate: wording("moderate", "modéré", "mäßig"),
  "on-hold": wording("on hold", "suspendu", "ausgesetzt"),
  other: wording("other", "autre", "divers"),
  partial: wording("partial", "partiel", "unvollständig"),
  preliminary: wording("preliminary", "provisoire", "vorläufig"),
  provisional: wording("provisional", "provisoire", "vorläufig"),
  recurrence: wording("recurrence", "récidive", "Rezidiv"),
  relapse: wording("relapse", "rechute", "Rückfall"),
  remission: wording("remission", "rémission", "Remission"),
  resolved: wording("resolved", "résolu", "abgeklungen"),
  severe: wording("severe", "sévère", "schwer"),
  stopped: wording("stopped", "arrêté", "abgebrochen"),
  true: wording("yes", "oui", "ja"),
  "unable-to-assess": wording("cannot be assessed", "non évaluable", "nicht beurteilbar"),
  unconfirmed: wording("unconfirmed", "non confirmé", "unbestätigt"),
  unknown: wording("unknown", "inconnu", "unbekannt"),
};

/** A code in the reader's language, or as it is. */
export function word(code: string, language: Language): string {
  return Object.hasOwn(words, code) ? (words[code]?.[language] ?? code) : code;
}
