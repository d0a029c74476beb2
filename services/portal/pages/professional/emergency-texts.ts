import type { Texts } from "../../layout/language.ts";

export const emergencyTexts = {
  title: { en: "Emergency access", fr: "Accès d'urgence", de: "Notfallzugriff" },
  lead: {
    en: "Only when a patient's life or health is in danger and there is no time to ask.",
    fr: "Uniquement si la vie ou la santé d'un patient est en danger et qu'il est impossible de demander.",
    de: "Nur wenn Leben oder Gesundheit in Gefahr ist und keine Zeit bleibt zu fragen.",
  },
  consequences: { en: "What happens", fr: "Conséquences", de: "Was geschieht" },
  opens: {
    en: "The record opens to you alone for 4 hours, restricted parts included, hidden ones not.",
    fr: "Le dossier s'ouvre à vous seul pendant 4 heures, éléments restreints compris, éléments masqués exclus.",
    de: "Die Akte öffnet sich 4 Stunden lang nur für Sie, mit eingeschränkten, ohne verborgene Teile.",
  },
  told: {
    en: "The patient and their doctor are told at once: your name, the time and your reason, word for word.",
    fr: "Le patient et son médecin sont informés aussitôt : votre nom, l'heure et votre motif, mot pour mot.",
    de: "Die Patientin oder der Patient und die Hausarztpraxis erfahren es sofort: Ihren Namen, die Zeit und Ihren Grund im Wortlaut.",
  },
  reviewed: {
    en: "Each emergency access is reviewed. One without a sufficient reason has consequences for you.",
    fr: "Chaque accès d'urgence est contrôlé. Un accès sans motif suffisant a des conséquences pour vous.",
    de: "Jeder Notfallzugriff wird geprüft. Einer ohne ausreichenden Grund hat Folgen für Sie.",
  },
  recorded: {
    en: "It is recorded for good and cannot be taken back.",
    fr: "Il est journalisé définitivement et ne peut être annulé.",
    de: "Er wird dauerhaft protokolliert und lässt sich nicht zurücknehmen.",
  },
  reason: { en: "Why is it an emergency?", fr: "Pourquoi est-ce une urgence ?", de: "Warum ist es ein Notfall?" },
  reasonHint: {
    en: "10 to 500 characters. The patient reads this.",
    fr: "10 à 500 caractères. Le patient lira ce texte.",
    de: "10 bis 500 Zeichen. Die Patientin oder der Patient liest das.",
  },
  confirm: { en: "Please confirm", fr: "Veuillez confirmer", de: "Bitte bestätigen" },
  sure: {
    en: "It is an emergency, and I have understood what happens",
    fr: "C'est une urgence, et j'ai compris les conséquences",
    de: "Es ist ein Notfall, und ich habe verstanden, was geschieht",
  },
  submit: { en: "Open the record in an emergency", fr: "Ouvrir le dossier en urgence", de: "Akte im Notfall öffnen" },
  back: { en: "No, back", fr: "Non, retour", de: "Nein, zurück" },
  reasonWrong: {
    en: "Say in 10 to 500 characters why it is an emergency",
    fr: "Indiquez en 10 à 500 caractères pourquoi c'est une urgence",
    de: "Schreiben Sie in 10 bis 500 Zeichen, warum es ein Notfall ist",
  },
  sureMissing: {
    en: "Tick the box if it is an emergency",
    fr: "Cochez la case s'il s'agit d'une urgence",
    de: "Kreuzen Sie das Feld an, wenn es ein Notfall ist",
  },
  refused: {
    en: "It was refused: the patient has objected to emergency access or has closed the record, or your profession has no emergency access.",
    fr: "L'accès est refusé : le patient s'est opposé à l'accès d'urgence ou a fermé son dossier, ou votre profession n'y a pas droit.",
    de: "Der Zugriff wurde abgelehnt: Es wurde dem Notfallzugriff widersprochen, die Akte ist geschlossen, oder Ihr Beruf hat keinen Notfallzugriff.",
  },
  unknown: {
    en: "There is no record for this patient.",
    fr: "Il n'existe pas de dossier pour ce patient.",
    de: "Für diese Person gibt es keine Akte.",
  },
  label: { en: "Emergency", fr: "Urgence", de: "Notfall" },
} as const satisfies Texts;
