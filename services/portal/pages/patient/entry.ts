import type {
  CodeableConcept,
  DiagnosticReport,
  DocumentReference,
  Meta,
  Observation,
  Quantity,
  Reference,
  Resource,
} from "@medplum/fhirtypes";
import { type Content, type Html, html } from "../../../lib/html.ts";
import type { Language } from "../../../lib/language.ts";
import { dateText, fill, instantText, numberText } from "../../layout/language.ts";
import { entryTexts } from "./entry-texts.ts";

/** What a timeline shows: a document, a report or a single result. */
export type EntryResource = DocumentReference | DiagnosticReport | Observation;

export interface Entry {
  resource: EntryResource;
  kind: "document" | "report" | "result";
  title: string;
  /** FHIR date, dateTime or instant; undefined: nobody said. */
  date: string | undefined;
  author: string;
  /** Of a result: the value with its unit. */
  value: string;
  level: Level;
  path: string;
}

/** How confidential: HL7's N, R and V, as the record understands them. */
export type Level = "normal" | "restricted" | "secret";

const confidentialitySystem = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";
export const levelCodes: Readonly<Record<Level, string>> = { normal: "N", restricted: "R", secret: "V" };

export function levelOf(meta: Meta | undefined): Level {
  const codes = (meta?.security ?? []).filter(({ system }) => system === confidentialitySystem).map(({ code }) => code);
  return codes.includes("V") ? "secret" : codes.includes("R") ? "restricted" : "normal";
}

/** The resource with another level; other labels stay. */
export function withLevel<T extends Resource>(resource: T, level: Level): T {
  const others = (resource.meta?.security ?? []).filter(({ system }) => system !== confidentialitySystem);
  const security = [...others, { system: confidentialitySystem, code: levelCodes[level] }];
  return { ...resource, meta: { ...resource.meta, security } };
}

export function entryOf(resource: EntryResource, language: Language): Entry {
  const shared = { resource, level: levelOf(resource.meta), value: "" };
  switch (resource.resourceType) {
    case "DocumentReference":
      return {
        ...shared,
        kind: "document",
        title:
          resource.description ?? resource.content?.[0]?.attachment?.title ?? (conceptText(resource.type) || entryTexts.document[language]),
        date: resource.date ?? resource.meta?.lastUpdated,
        author: isOwn(resource) ? entryTexts.own[language] : nameOf(resource.author?.[0], language),
        path: `/portal/patient/documents/${resource.id}`,
      };
    case "DiagnosticReport":
      return {
        ...shared,
        kind: "report",
        title: conceptText(resource.code) || entryTexts.report[language],
        date: resource.effectiveDateTime ?? resource.effectivePeriod?.start ?? resource.issued,
        author: nameOf(resource.performer?.[0], language),
        path: `/portal/patient/reports/${resource.id}`,
      };
    case "Observation":
      return {
        ...shared,
        kind: "result",
        title: conceptText(resource.code) || entryTexts.result[language],
        date: resource.effectiveDateTime ?? resource.effectivePeriod?.start ?? resource.issued,
        author: nameOf(resource.performer?.[0], language),
        value: valueText(resource, language),
        path: `/portal/patient/results/${resource.id}`,
      };
  }
}

/** Whether the patient put it there. */
export function isOwn({ author }: DocumentReference): boolean {
  return author?.some(({ reference }) => reference?.startsWith("Patient/") ?? false) ?? false;
}

function nameOf(reference: Reference | undefined, language: Language): string {
  return reference?.display === undefined ? "" : fill(entryTexts.by[language], { name: reference.display });
}

export function conceptText(concept: CodeableConcept | undefined): string {
  return concept?.text ?? concept?.coding?.find(({ display }) => display !== undefined)?.display ?? concept?.coding?.[0]?.code ?? "";
}

/** The value of a result, its parts one behind the other. */
/** The usual range of a result: `4 – 6`, `≤ 5.1`; empty where there is none. @param show a bound as the page shows values */
export function rangeText({ referenceRange }: Pick<Observation, "referenceRange">, show: (bound: Quantity) => string): string {
  const [first] = referenceRange ?? [];
  const [low, high] = [first?.low, first?.high].map((bound) => (bound?.value === undefined ? "" : show(bound)));
  return first?.text ?? (low && high ? `${low} – ${high}` : low ? `≥ ${low}` : high ? `≤ ${high}` : "");
}

export function valueText(observation: Observation, language: Language): string {
  const own = oneValue(observation, language);
  const parts = (observation.component ?? []).map((part) => `${conceptText(part.code)} ${oneValue(part, language)}`);
  return [own, ...parts].filter(Boolean).join(", ");
}

type Valued = Pick<
  Observation,
  "valueQuantity" | "valueCodeableConcept" | "valueString" | "valueBoolean" | "valueInteger" | "dataAbsentReason"
>;

function oneValue(part: Valued, language: Language): string {
  const { valueQuantity: quantity, valueInteger: integer } = part;
  if (quantity?.value !== undefined) {
    return [quantity.comparator, numberText(quantity.value, language), quantity.unit ?? quantity.code].filter(Boolean).join(" ");
  }
  if (integer !== undefined) return numberText(integer, language);
  return part.valueString ?? conceptText(part.valueCodeableConcept ?? part.dataAbsentReason);
}

/** One line of a list. */
export function entryItem(entry: Entry, language: Language, aside?: Content): Html {
  const { kind, title, date, author, value, level, path } = entry;
  const facts = [entryTexts[kind][language], date === undefined ? entryTexts.noDate[language] : dateText(date, language), author];
  return html`<li><div class="entry"><a class="entry-title" href="${path}">${title}</a>${value === "" ? undefined : html` <strong>${value}</strong>`}
<p class="soft small"><time${date === undefined ? undefined : html` datetime="${date}" title="${instantText(date, language)}"`}>${facts.filter(Boolean).join(" · ")}</time></p></div>${levelTag(level, language)}${aside}</li>`;
}

/** Said only where it is not the usual one. */
export function levelTag(level: Level, language: Language): Html | undefined {
  return level === "normal" ? undefined : html`<span class="tag tag-warning">${entryTexts[level][language]}</span>`;
}
