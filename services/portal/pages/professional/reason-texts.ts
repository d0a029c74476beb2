import type { Texts } from "../../layout/language.ts";

export const reasonTexts = {
  title: { en: "Why are you opening this record?", fr: "Pourquoi ouvrez-vous ce dossier ?", de: "Warum öffnen Sie diese Akte?" },
  lead: {
    en: "The patient sees who looked, when and why. Your reason is kept for {hours} hours, then you are asked again.",
    fr: "Le patient voit qui a consulté, quand et pourquoi. Votre motif est conservé {hours} heures, puis il vous est redemandé.",
    de: "Die Patientin oder der Patient sieht, wer wann und warum geschaut hat. Ihr Grund gilt {hours} Stunden, danach werden Sie wieder gefragt.",
  },
  reason: { en: "Reason", fr: "Motif", de: "Grund" },
  treatment: { en: "Treatment", fr: "Traitement", de: "Behandlung" },
  treatmentHint: {
    en: "You are treating the patient, or preparing or following up a visit",
    fr: "Vous soignez le patient, ou préparez ou suivez une visite",
    de: "Sie behandeln, oder Sie bereiten einen Besuch vor oder nach",
  },
  coordination: { en: "Coordination", fr: "Coordination", de: "Abstimmung" },
  coordinationHint: {
    en: "A colleague asked you, or you pass the patient on",
    fr: "Un confrère vous sollicite, ou vous orientez le patient",
    de: "Jemand hat Sie gefragt, oder Sie überweisen weiter",
  },
  administration: { en: "Administration", fr: "Administration", de: "Verwaltung" },
  administrationHint: {
    en: "Letters, certificates, corrections that the patient asked for",
    fr: "Courriers, certificats, corrections demandées par le patient",
    de: "Briefe, Bescheinigungen, gewünschte Berichtigungen",
  },
  note: { en: "Note", fr: "Remarque", de: "Anmerkung" },
  submit: { en: "Open the record", fr: "Ouvrir le dossier", de: "Akte öffnen" },
  missing: { en: "Choose a reason", fr: "Choisissez un motif", de: "Wählen Sie einen Grund" },
  emergency: {
    en: "The patient's life is in danger and you need what is not open to you?",
    fr: "La vie du patient est en danger et il vous faut ce qui ne vous est pas ouvert ?",
    de: "Das Leben ist in Gefahr und Sie brauchen, was für Sie nicht zugänglich ist?",
  },
  emergencyLink: { en: "Emergency access", fr: "Accès d'urgence", de: "Notfallzugriff" },
  closedTitle: {
    en: "This record is not open to you",
    fr: "Ce dossier ne vous est pas ouvert",
    de: "Diese Akte ist für Sie nicht zugänglich",
  },
  closed: {
    en: "It may be that the patient has closed it, has blocked you or your profession, or that it does not exist. Ask the patient: they can open it to you at any time.",
    fr: "Le patient l'a peut-être fermé, vous a bloqué vous ou votre profession, ou il n'existe pas. Parlez-en au patient : il peut vous l'ouvrir à tout moment.",
    de: "Vielleicht wurde sie geschlossen, Sie oder Ihr Beruf sind gesperrt, oder es gibt sie nicht. Fragen Sie: Patientinnen und Patienten können sie Ihnen jederzeit öffnen.",
  },
  other: { en: "Find another patient", fr: "Trouver un autre patient", de: "Anderen Patienten finden" },
} as const satisfies Texts;
