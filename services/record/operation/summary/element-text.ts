import type { Language } from "../../../lib/language.ts";
import { word } from "./wording.ts";

/** A FHIR element of some kind, its numbers as they were written (`parseResource`, `exact`). */
export type Element = Readonly<Record<string, unknown>>;

const { isRawJSON } = JSON as unknown as { isRawJSON(value: unknown): value is { rawJSON: string } };

/** The objects in an element that may repeat, or be missing. */
export function elements(value: unknown): Element[] {
  return (Array.isArray(value) ? value : [value]).filter(
    (each): each is Element => typeof each === "object" && each !== null && !isRawJSON(each),
  );
}

/** A primitive, a number digit for digit as it was written; "" for anything else. */
export function primitive(value: unknown): string {
  if (isRawJSON(value)) return value.rawJSON;
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : "";
}

/** The codes of a CodeableConcept, or of several. */
export function codes(concept: unknown): string[] {
  return elements(concept).flatMap(({ coding }) => elements(coding).map(({ code }) => primitive(code)));
}

/** CodeableConcepts, or Codings, as people say them. */
export function conceptText(concept: unknown): string {
  return joined(
    elements(concept).map(({ text, coding, display, code }) => {
      const codings = [{ display, code }, ...elements(coding)];
      const named = [primitive(text), ...codings.map((each) => primitive(each.display)), ...codings.map((each) => primitive(each.code))];
      return named.find((each) => each !== "") ?? "";
    }),
  );
}

/** A concept whose codes are FHIR's own: in the reader's language. */
export function statusText(concept: unknown, language: Language): string {
  const known = codes(concept).map((code) => [code, word(code, language)] as const);
  return known.find(([code, said]) => code !== said)?.[1] ?? conceptText(concept);
}

export function joined(parts: readonly string[], separator = ", "): string {
  return parts.filter((part) => part !== "").join(separator);
}

/** A date as it was written, however precise; a time with its zone. */
export function dateText(value: unknown): string {
  const [, date, time, zone] = /^([\d-]+)T(\d\d:\d\d)[\d:.]*(Z|[+-]\d\d:\d\d)?$/.exec(primitive(value)) ?? [];
  return date === undefined ? primitive(value) : joined([date, time ?? "", zone === "Z" ? "UTC" : (zone ?? "")], " ");
}

export function quantityText(quantity: unknown): string {
  const [{ comparator, value, unit, code } = {} as Element] = elements(quantity);
  const number = primitive(value);
  return number === "" ? "" : joined([primitive(comparator) + number, primitive(unit) || primitive(code)], " ");
}

function between(low: string, high: string): string {
  return low === "" && high === "" ? "" : `${low} – ${high}`.trim();
}

export function periodText(period: unknown): string {
  const [{ start, end } = {} as Element] = elements(period);
  return between(dateText(start), dateText(end));
}

function spanText(kind: string, element: Element): string {
  if (kind === "Period") return periodText(element);
  if (kind === "Range") return between(quantityText(element.low), quantityText(element.high));
  return joined([quantityText(element.numerator), quantityText(element.denominator)], " / ");
}

/** What is there of an element with a choice of types, e.g. `onset[x]`. */
export function choiceText(parent: Element, base: string, language: Language): string {
  const name = Object.keys(parent).find((key) => key.startsWith(base) && /^[A-Z]/.test(key.slice(base.length)));
  if (name === undefined) return "";
  const [kind, value] = [name.slice(base.length), parent[name]];
  const [element = {}] = elements(value);
  switch (kind) {
    case "CodeableConcept":
      return conceptText(value);
    case "Quantity":
    case "Age":
    case "Duration":
      return quantityText(value);
    case "DateTime":
    case "Date":
    case "Instant":
      return dateText(value);
    case "Period":
    case "Range":
    case "Ratio":
      return spanText(kind, element);
    case "Boolean":
      return word(primitive(value), language);
    default:
      return primitive(value);
  }
}

/** An Observation's value and those of its parts, and what the laboratory says of it. */
export function resultText(observation: Element, language: Language): string {
  const value = (element: Element): string => {
    const said = choiceText(element, "value", language) || conceptText(element.dataAbsentReason);
    const judged = conceptText(element.interpretation);
    return said !== "" && judged !== "" ? `${said} (${judged})` : said || judged;
  };
  const parts = elements(observation.component).map((part) => joined([conceptText(part.code), value(part)], ": "));
  return joined([value(observation), ...parts], "; ");
}

export function referenceRangeText(observation: Element): string {
  return joined(elements(observation.referenceRange).map((range) => primitive(range.text) || spanText("Range", range)));
}

/** As the prescriber wrote it, or from what is coded of it. */
export function dosageText(dosage: unknown, language: Language): string {
  return joined(
    elements(dosage).map((each) => primitive(each.text) || codedDosage(each, language)),
    "; ",
  );
}

function codedDosage(dosage: Element, language: Language): string {
  const amounts = elements(dosage.doseAndRate).flatMap((each) => [choiceText(each, "dose", language), choiceText(each, "rate", language)]);
  const timings = elements(dosage.timing).flatMap(({ code, repeat }) => [conceptText(code), ...elements(repeat).map(repeatText)]);
  const needed = dosage.asNeededBoolean === true ? word("asNeeded", language) : conceptText(dosage.asNeededCodeableConcept);
  return joined([...amounts, ...timings, conceptText(dosage.route), needed, primitive(dosage.patientInstruction)]);
}

function repeatText({ frequency, period, periodUnit }: Element): string {
  const [times, every] = [primitive(frequency), primitive(period)];
  return times === "" || every === "" ? "" : `${times}× / ${every} ${primitive(periodUnit)}`.trim();
}

/** `medication[x]`: a concept, or a reference that says what it means by its display or contains it. */
export function medicationText(resource: Element): string {
  const [reference = {}] = elements(resource.medicationReference);
  const contained = elements(resource.contained).find(({ id }) => `#${primitive(id)}` === reference.reference);
  return conceptText(resource.medicationCodeableConcept) || primitive(reference.display) || conceptText(contained?.code);
}

export function nameText(names: unknown): string {
  const all = elements(names);
  const name = all.find(({ use }) => use === "official") ?? all[0] ?? {};
  const parts = [name.prefix, name.given, name.family, name.suffix].flatMap((part) => (Array.isArray(part) ? part : [part]));
  return primitive(name.text) || joined(parts.map(primitive), " ");
}
