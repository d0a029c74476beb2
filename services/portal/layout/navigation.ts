import type { Texts } from "./language.ts";

/** A part of the site with a navigation of its own. */
export type Area = "public" | "patient" | "professional" | "practice" | "operator";

export interface Place {
  path: string;
  text: keyof typeof navigationTexts;
  /** Begins of other addresses that belong to it. */
  also?: readonly string[];
  /** Not for somebody who acts for a patient. */
  selfOnly?: boolean;
}

export const navigationTexts = {
  overview: { en: "Overview", fr: "Aperçu", de: "Übersicht" },
  documents: { en: "Documents", fr: "Documents", de: "Dokumente" },
  summary: { en: "Summary", fr: "Résumé", de: "Zusammenfassung" },
  accesses: { en: "Who looked", fr: "Qui a consulté", de: "Wer hat geschaut" },
  rights: { en: "Who may look", fr: "Qui peut consulter", de: "Wer darf schauen" },
  delegates: { en: "People I trust", fr: "Personnes de confiance", de: "Vertrauenspersonen" },
  record: { en: "My record", fr: "Mon dossier", de: "Meine Akte" },
  platform: { en: "Platform", fr: "Plateforme", de: "Plattform" },
  drills: { en: "Drills", fr: "Exercices", de: "Übungen" },
  reviews: { en: "Reports and emergencies", fr: "Signalements et urgences", de: "Meldungen und Notfälle" },
  feedback: { en: "Feedback", fr: "Retours", de: "Rückmeldungen" },
  desk: { en: "Service desk", fr: "Assistance", de: "Servicedesk" },
  audit: { en: "Audit trail", fr: "Journal d'audit", de: "Prüfprotokoll" },
  start: { en: "Start", fr: "Accueil", de: "Start" },
  patients: { en: "Find a patient", fr: "Trouver un patient", de: "Patient finden" },
  agenda: { en: "Agenda", fr: "Agenda", de: "Agenda" },
  messages: { en: "Messages", fr: "Messages", de: "Nachrichten" },
  colleagues: { en: "Colleagues", fr: "Confrères", de: "Kolleginnen und Kollegen" },
  training: { en: "Training", fr: "Formation", de: "Schulung" },
} as const satisfies Texts;

const professional: readonly Place[] = [
  { path: "/portal/professional", text: "start", also: ["/portal/practice/start", "/portal/practice/profile"] },
  { path: "/portal/professional/patients", text: "patients" },
  { path: "/portal/practice/agenda", text: "agenda", also: ["/portal/practice/visits"] },
  { path: "/portal/professional/messages", text: "messages", also: ["/portal/professional/referrals"] },
  { path: "/portal/professional/colleagues", text: "colleagues" },
  { path: "/portal/practice/training", text: "training" },
];

/** What each part of the site shows in its navigation, in this order. */
export const navigation: Readonly<Record<Area, readonly Place[]>> = {
  public: [],
  patient: [
    { path: "/portal/patient", text: "overview" },
    {
      path: "/portal/patient/documents",
      text: "documents",
      also: ["/portal/patient/reports", "/portal/patient/results", "/portal/patient/upload"],
    },
    { path: "/portal/patient/summary", text: "summary" },
    { path: "/portal/patient/accesses", text: "accesses", selfOnly: true },
    { path: "/portal/patient/rights", text: "rights", selfOnly: true },
    { path: "/portal/patient/delegates", text: "delegates" },
    { path: "/portal/patient/record", text: "record", selfOnly: true },
  ],
  professional,
  practice: professional,
  operator: [
    { path: "/portal/operator", text: "platform" },
    { path: "/portal/operator/drills", text: "drills" },
    { path: "/portal/operator/reviews", text: "reviews" },
    { path: "/portal/operator/feedback", text: "feedback" },
    { path: "/portal/operator/service-desk", text: "desk" },
    { path: "/portal/operator/audit", text: "audit" },
  ],
};
