import type { Interaction } from "../../lib/audit-event.ts";
import type { Language } from "../../lib/language.ts";
import { type PurposeOfUse, purposes as purposeCodes } from "../../lib/purpose-of-use.ts";

/** What a patient is told about one audit record. */
export interface Event {
  interaction: Interaction;
  /** See `AuditFact`. */
  outcome: string;
  resourceType: string;
  /** Of the person or the software; undefined: only the account is known. */
  who?: string;
  account: string;
  /** Profession or role. */
  role?: string;
  isSelf: boolean;
  /** Why a record was opened in an emergency. */
  emergency?: string;
  /** A code of HL7's purposes of use, as somebody stated it. */
  purpose?: string;
  recorded: string;
}

type Texts = Record<Language, string>;

const resources: Record<string, Texts> = {
  Patient: { en: "your personal details", fr: "vos données personnelles", de: "Ihre persönlichen Angaben" },
  RelatedPerson: { en: "a person close to you", fr: "une personne de votre entourage", de: "eine Ihnen nahestehende Person" },
  AllergyIntolerance: { en: "an allergy", fr: "une allergie", de: "eine Allergie" },
  Condition: { en: "a health problem", fr: "un problème de santé", de: "ein Gesundheitsproblem" },
  MedicationStatement: { en: "your medication", fr: "votre traitement", de: "Ihre Medikation" },
  MedicationRequest: { en: "a prescription", fr: "une prescription", de: "eine Verordnung" },
  Immunization: { en: "a vaccination", fr: "une vaccination", de: "eine Impfung" },
  Procedure: { en: "a procedure", fr: "une intervention", de: "einen Eingriff" },
  Observation: { en: "a measurement or result", fr: "une mesure ou un résultat", de: "eine Messung oder einen Befund" },
  DiagnosticReport: { en: "a report", fr: "un compte rendu", de: "einen Bericht" },
  Encounter: { en: "a visit", fr: "une consultation", de: "einen Besuch" },
  CarePlan: { en: "a care plan", fr: "un plan de soins", de: "einen Pflegeplan" },
  Composition: { en: "a document", fr: "un document", de: "ein Dokument" },
  DocumentReference: { en: "a document", fr: "un document", de: "ein Dokument" },
  Binary: { en: "the content of a document", fr: "le contenu d'un document", de: "den Inhalt eines Dokuments" },
  Consent: { en: "your access rights", fr: "vos droits d'accès", de: "Ihre Zugriffsrechte" },
  Task: { en: "a review of an access", fr: "le contrôle d'un accès", de: "die Prüfung eines Zugriffs" },
  Communication: { en: "a message", fr: "un message", de: "eine Nachricht" },
  AuditEvent: { en: "this access log", fr: "ce journal des accès", de: "dieses Zugriffsprotokoll" },
};
const anyResource: Texts = { en: "a part of your record", fr: "un élément de votre dossier", de: "einen Teil Ihrer Akte" };
const wholeRecord: Texts = { en: "your whole record", fr: "tout votre dossier", de: "Ihre gesamte Akte" };

type Verb = "read" | "search" | "create" | "update" | "delete";

const verbs: Record<Interaction, Verb> = {
  ...{ read: "read", vread: "read", "history-instance": "read", operation: "read" },
  ...{ "search-type": "search", "history-type": "search", "history-system": "search" },
  ...{ create: "create", update: "update", patch: "update", delete: "delete", transaction: "update" },
};

/** `{who}` and `{what}` are filled in. */
const done: Record<Verb, Texts> = {
  read: { en: "{who} read {what}.", fr: "{who} a lu {what}.", de: "{who} hat {what} gelesen." },
  search: {
    en: "{who} searched your record and saw {what}.",
    fr: "{who} a consulté votre dossier et a vu {what}.",
    de: "{who} hat Ihre Akte durchsucht und {what} gesehen.",
  },
  create: { en: "{who} added {what}.", fr: "{who} a ajouté {what}.", de: "{who} hat {what} hinzugefügt." },
  update: { en: "{who} changed {what}.", fr: "{who} a modifié {what}.", de: "{who} hat {what} geändert." },
  delete: { en: "{who} deleted {what}.", fr: "{who} a supprimé {what}.", de: "{who} hat {what} gelöscht." },
};
const refused: Texts = {
  en: "{who} wanted to see or change {what}. This was refused.",
  fr: "{who} a voulu voir ou modifier {what}. L'accès a été refusé.",
  de: "{who} wollte {what} sehen oder ändern. Dies wurde verweigert.",
};
const missing: Texts = {
  en: "{who} asked for {what}, which was not there.",
  fr: "{who} a demandé {what}, qui n'existait pas.",
  de: "{who} hat nach etwas gefragt, das nicht da war: {what}.",
};
const emergency: Texts = {
  en: "{who} opened your record in an emergency. The reason given: {why}",
  fr: "{who} a ouvert votre dossier en urgence. Motif indiqué : {why}",
  de: "{who} hat Ihre Akte in einem Notfall geöffnet. Angegebener Grund: {why}",
};
const purposes: Record<PurposeOfUse, Texts> = {
  TREAT: { en: "treatment", fr: "soins", de: "Behandlung" },
  ETREAT: { en: "emergency treatment", fr: "soins d'urgence", de: "Notfallbehandlung" },
  COC: { en: "coordination of care", fr: "coordination des soins", de: "Abstimmung der Behandlung" },
  PATADMIN: { en: "administration", fr: "administration", de: "Verwaltung" },
  HPAYMT: { en: "billing", fr: "facturation", de: "Abrechnung" },
  HQUALIMP: { en: "quality improvement", fr: "amélioration de la qualité", de: "Qualitätssicherung" },
  PUBHLTH: { en: "public health", fr: "santé publique", de: "öffentliche Gesundheit" },
  PATRQT: { en: "at your request", fr: "à votre demande", de: "auf Ihren Wunsch" },
  FAMRQT: { en: "at your family's request", fr: "à la demande de votre famille", de: "auf Wunsch Ihrer Familie" },
};
/** Nobody has checked it: it is what somebody said. */
const stated: Texts = { en: " Purpose stated: {why}.", fr: " Motif indiqué : {why}.", de: " Angegebener Zweck: {why}." };
const self: Texts = { en: "You", fr: "Vous", de: "Sie" };
/** The same sentences in the second person. */
const bySelf: Record<Verb, Texts> = {
  read: { en: "You read {what}.", fr: "Vous avez lu {what}.", de: "Sie haben {what} gelesen." },
  search: {
    en: "You searched your record and saw {what}.",
    fr: "Vous avez consulté votre dossier et vu {what}.",
    de: "Sie haben Ihre Akte durchsucht und {what} gesehen.",
  },
  create: { en: "You added {what}.", fr: "Vous avez ajouté {what}.", de: "Sie haben {what} hinzugefügt." },
  update: { en: "You changed {what}.", fr: "Vous avez modifié {what}.", de: "Sie haben {what} geändert." },
  delete: { en: "You deleted {what}.", fr: "Vous avez supprimé {what}.", de: "Sie haben {what} gelöscht." },
};

const roles: Record<string, Texts> = {
  physician: { en: "physician", fr: "médecin", de: "Ärztin/Arzt" },
  "emergency-physician": { en: "emergency physician", fr: "médecin urgentiste", de: "Notärztin/Notarzt" },
  dentist: { en: "dentist", fr: "dentiste", de: "Zahnärztin/Zahnarzt" },
  pharmacist: { en: "pharmacist", fr: "pharmacien", de: "Apothekerin/Apotheker" },
  nurse: { en: "nurse", fr: "infirmier", de: "Pflegefachkraft" },
  midwife: { en: "midwife", fr: "sage-femme", de: "Hebamme" },
  physiotherapist: { en: "physiotherapist", fr: "kinésithérapeute", de: "Physiotherapeutin/Physiotherapeut" },
  psychologist: { en: "psychologist", fr: "psychologue", de: "Psychologin/Psychologe" },
  "medical-laboratory": { en: "laboratory", fr: "laboratoire", de: "Labor" },
  radiology: { en: "radiology", fr: "radiologie", de: "Radiologie" },
  dietitian: { en: "dietitian", fr: "diététicien", de: "Diätassistentin/Diätassistent" },
  "social-worker": { en: "social worker", fr: "assistant social", de: "Sozialarbeiterin/Sozialarbeiter" },
  administrative: { en: "administration", fr: "administration", de: "Verwaltung" },
  practitioner: { en: "health professional", fr: "professionnel de santé", de: "Gesundheitsfachperson" },
  operator: { en: "operator of the platform", fr: "exploitant de la plateforme", de: "Betreiber der Plattform" },
  patient: { en: "on behalf of the patient", fr: "au nom du patient", de: "im Namen der Patientin/des Patienten" },
  system: { en: "software", fr: "logiciel", de: "Software" },
};

/** One sentence for the patient, without markup. The instant is not in it: whoever shows the sentence knows where the reader is. */
export function describeEvent(event: Event, language: Language): string {
  const role = event.role === undefined ? undefined : (roles[event.role]?.[language] ?? event.role);
  const name = event.who ?? event.account;
  const who = event.isSelf ? self[language] : role === undefined ? name : `${name} (${role})`;
  const what =
    event.interaction === "operation" && event.resourceType === "Patient" ? wholeRecord : (resources[event.resourceType] ?? anyResource);
  const told = sentence(event, language)
    .replace("{who}", () => who)
    .replace("{what}", () => what[language])
    .replace("{why}", () => event.emergency ?? "");
  const code = purposeCodes.find((each) => each === event.purpose);
  // Of an emergency the reason has been told in full.
  return code === undefined || event.emergency !== undefined ? told : told + stated[language].replace("{why}", purposes[code][language]);
}

function sentence({ interaction, outcome, emergency: why, isSelf }: Event, language: Language): string {
  if (outcome === "8") return refused[language];
  if (outcome === "4") return missing[language];
  if (why !== undefined) return emergency[language];
  return (isSelf ? bySelf : done)[verbs[interaction]][language];
}
