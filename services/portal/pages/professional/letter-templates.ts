import type { Language } from "../../../lib/language.ts";
import { fill } from "../../layout/language.ts";
import { letterTexts } from "./letter-texts.ts";
import type { DocumentCode } from "./new-document.ts";

/** A kind of letter: what document it becomes. Its name and its words are in letter-texts.ts: `<name>`, `<name>Hint`, `<name>Body`. */
export const letterTemplates = {
  referral: { code: "referral" },
  report: { code: "consult" },
  plan: { code: "medication" },
  certificate: { code: "letter" },
  note: { code: "noteType" },
} as const satisfies Record<string, { code: DocumentCode }>;

export type LetterTemplate = keyof typeof letterTemplates;

export const letterTemplateNames = Object.keys(letterTemplates) as LetterTemplate[];

/** What a letter is filled with; a list that is empty is said to be. */
export interface LetterFacts {
  /** The practice's lines. */
  head: string;
  today: string;
  patient: string;
  birthDate: string;
  number: string;
  allergies: readonly string[];
  medication: readonly string[];
  problems: readonly string[];
  /** Greeting and name. */
  closing: string;
}

export function fillLetter(template: LetterTemplate, facts: LetterFacts, language: Language): string {
  const none = letterTexts.none[language];
  const listed = (items: readonly string[], between: string): string => (items.length > 0 ? items.join(between) : none);
  return fill(letterTexts[`${template}Body`][language], {
    ...{ head: facts.head, today: facts.today, patient: facts.patient, closing: facts.closing },
    ...{ birthDate: facts.birthDate || "–", number: facts.number || "–" },
    ...{ allergies: listed(facts.allergies, ", "), medication: listed(facts.medication, "; "), problems: listed(facts.problems, ", ") },
    medicationList: facts.medication.length > 0 ? facts.medication.map((each) => `– ${each}`).join("\n") : none,
  }).trimStart();
}
