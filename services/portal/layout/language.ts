import type { Language } from "../../lib/language.ts";

/** One text in every language. `{name}` stands for something that is filled in. */
export type Text = Readonly<Record<Language, string>>;

/** The texts of a page, by what they are for. */
export type Texts = Readonly<Record<string, Text>>;

/** As each language calls itself. */
export const languageNames: Readonly<Record<Language, string>> = { en: "English", fr: "Français", de: "Deutsch" };

/** Fills in what stands in braces. */
export function fill(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

const locales: Readonly<Record<Language, string>> = { en: "en-GB", fr: "fr-LU", de: "de-LU" };
const timeZone = "Europe/Luxembourg";

/** A FHIR date, dateTime or instant as people write it; one that is only a year or a month stays that. Undefined: an empty text. */
export function dateText(date: string | undefined, language: Language): string {
  if (date === undefined || Number.isNaN(Date.parse(date))) return "";
  const precision =
    date.length === 4
      ? { year: "numeric" as const }
      : date.length === 7
        ? { year: "numeric" as const, month: "long" as const }
        : { dateStyle: "long" as const };
  // A date without a time is the same day everywhere.
  const zone = date.length > 10 ? timeZone : "UTC";
  return new Intl.DateTimeFormat(locales[language], { ...precision, timeZone: zone }).format(new Date(date));
}

/** Date and time of day; a date without a time stays one. */
export function instantText(date: string | undefined, language: Language): string {
  if (date === undefined || date.length <= 10 || Number.isNaN(Date.parse(date))) return dateText(date, language);
  return new Intl.DateTimeFormat(locales[language], { dateStyle: "long", timeStyle: "short", timeZone }).format(new Date(date));
}

/** The time of day to the second, for what happens while one looks. */
export function clockText(date: string, language: Language): string {
  return new Intl.DateTimeFormat(locales[language], { timeStyle: "medium", timeZone }).format(new Date(date));
}

/** The month, as the heading of a timeline: November 2026. */
export function monthText(date: string, language: Language): string {
  return new Intl.DateTimeFormat(locales[language], { year: "numeric", month: "long", timeZone }).format(new Date(date));
}

export function numberText(value: number, language: Language): string {
  return new Intl.NumberFormat(locales[language], { maximumFractionDigits: 4 }).format(value);
}

/** `850 ms`, `12.3 s`, in the language's way. */
export function durationText(ms: number, language: Language): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${numberText(Math.round(ms / 100) / 10, language)} s`;
}

/** A file's size in the unit that suits it. */
export function sizeText(bytes: number, language: Language): string {
  const [unit, value] =
    bytes < 1_000_000 ? ["kilobyte", Math.max(1, Math.round(bytes / 1000))] : ["megabyte", Math.round(bytes / 100_000) / 10];
  return new Intl.NumberFormat(locales[language], { style: "unit", unit: String(unit), unitDisplay: "short" }).format(Number(value));
}
