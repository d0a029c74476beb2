import { dateRange } from "../../../lib/fhir/date-range.ts";
import { parseResource } from "../../../lib/fhir/exact-json.ts";
import { splitReference } from "../../../lib/fhir/search-index.ts";
import type { Language } from "../../../lib/language.ts";
import { narrative, paragraph, table } from "../../narrative.ts";
import type { StoredVersion } from "../../resource/store.ts";
import { type Element, elements, joined, nameText, primitive } from "./element-text.ts";
import { type Section, sections } from "./sections.ts";
import { headings, sentences, titles, word } from "./wording.ts";

/** A stored resource, and its content with the numbers as they were written. */
export interface Part {
  version: StoredVersion;
  resource: Element;
}

/** What of a record goes into its summary. */
export interface SummaryContent {
  patient: Part;
  sections: { section: Section; parts: Part[] }[];
  /** Observations that what stands in the sections refers to, e.g. the results of a report. */
  further: Part[];
}

const loinc = "http://loinc.org";
const profile = "http://hl7.org/fhir/uv/ips/StructureDefinition/";

function partOf(version: StoredVersion): Part {
  return { version, resource: parseResource(version.content).exact };
}

function nameOf({ version: { type, id } }: Part): string {
  return `${type}/${id}`;
}

/** Chooses by their data what belongs into which section. @param publicUrl references that begin with it are this server's own */
export function summaryContent(patient: StoredVersion, record: readonly StoredVersion[], publicUrl: string): SummaryContent {
  const parts = record.map(partOf);
  const chosen = sections.map((section) => {
    const fitting = parts.filter(({ version, resource }) => section.types.includes(version.type) && section.takes(resource));
    const ordered = newestFirst(section, fitting);
    return { section, parts: section.newestOnly ? firstOfEachKind(ordered) : ordered };
  });
  const own = partOf(patient);
  const included = chosen.flatMap((each) => each.parts);
  return { patient: own, sections: chosen, further: referredObservations(included, parts, publicUrl) };
}

function newestFirst({ orderedBy }: Section, parts: readonly Part[]): Part[] {
  const dated = parts.map((part) => ({ part, date: orderedBy.map((name) => dateOf(part.resource, name)).find(Boolean) ?? "" }));
  return dated.toSorted((a, b) => (a.date < b.date ? 1 : a.date > b.date ? -1 : 0)).map(({ part }) => part);
}

/** The beginning, in UTC, of a date, a date of a choice of types, or a period; "" without one. */
function dateOf(resource: Element, name: string): string {
  const [period = {}] = [...elements(resource[name]), ...elements(resource[`${name}Period`])];
  const written = [resource[name], resource[`${name}DateTime`], resource[`${name}Instant`], period.start, period.end];
  const ranges = written.map((each) => (typeof each === "string" ? dateRange(each) : undefined));
  return ranges.find((range) => range !== undefined)?.low ?? "";
}

function firstOfEachKind(parts: readonly Part[]): Part[] {
  const kinds = Map.groupBy(parts, (part) => {
    const [{ text, coding } = {} as Element] = elements(part.resource.code);
    const [{ system, code } = {} as Element] = elements(coding);
    // Nothing says that two without a code are of one kind.
    return joined([primitive(system), primitive(code) || primitive(text)], "|") || nameOf(part);
  });
  return [...kinds.values()].flatMap(([newest]) => newest ?? []);
}

/** Every literal reference within a resource to this server, each once. */
function referencesIn(value: unknown, publicUrl: string): { type: string; id: string }[] {
  const found = new Map<string, { type: string; id: string }>();
  const look = (each: unknown): void => {
    if (typeof each !== "object" || each === null) return;
    const { reference } = each as { reference?: unknown };
    const { system, code } = typeof reference === "string" ? splitReference(reference, publicUrl) : { system: "", code: "" };
    if (system !== "") found.set(`${system}/${code}`, { type: system, id: code });
    for (const inner of Object.values(each)) look(inner);
  };
  look(value);
  return [...found.values()];
}

function referredObservations(included: readonly Part[], record: readonly Part[], publicUrl: string): Part[] {
  const usable = record.filter(({ version, resource }) => version.type === "Observation" && resource.status !== "entered-in-error");
  const byName = new Map(usable.map((part) => [nameOf(part), part]));
  for (const part of included) byName.delete(nameOf(part));
  const found: Part[] = [];
  let fresh: readonly Part[] = included;
  while (fresh.length > 0) {
    const names = fresh.flatMap(({ resource }) => referencesIn(resource, publicUrl).map(({ type, id }) => `${type}/${id}`));
    fresh = [...new Set(names)].flatMap((name) => byName.get(name) ?? []);
    for (const part of fresh) byName.delete(nameOf(part));
    found.push(...fresh);
  }
  return found;
}

/** The resources of the named types that these resources refer to: their ids by type. */
export function referredTo(versions: readonly StoredVersion[], types: readonly string[], publicUrl: string): Map<string, string[]> {
  const references = versions.flatMap((version) => referencesIn(partOf(version).resource, publicUrl));
  const wanted = references.filter(({ type }) => types.includes(type));
  return new Map([...Map.groupBy(wanted, ({ type }) => type)].map(([type, each]) => [type, [...new Set(each.map(({ id }) => id))]]));
}

/** All stored resources of a summary, without those of the directory. */
export function summaryVersions({ patient, sections: chosen, further }: SummaryContent): StoredVersion[] {
  return [patient, ...chosen.flatMap(({ parts }) => parts), ...further].map(({ version }) => version);
}

/**
 * The International Patient Summary as the text of a document Bundle: a Composition, and each resource as its stored text.
 * @param directory professionals and organisations that the content refers to
 */
export function summaryBundle(
  content: SummaryContent,
  directory: readonly StoredVersion[],
  options: { publicUrl: string; language: Language; now: Date },
): string {
  const { publicUrl, language, now } = options;
  const device = { resourceType: "Device", id: crypto.randomUUID(), deviceName: [{ name: "DSP record", type: "user-friendly-name" }] };
  const conformant = isIpsPatient(content.patient.resource);
  const composition = compositionOf(content, { ...options, conformant, author: `urn:uuid:${device.id}` });
  const head = {
    ...{ resourceType: "Bundle", id: crypto.randomUUID(), ...(conformant ? { meta: { profile: [`${profile}Bundle-uv-ips`] } } : {}) },
    ...{ language, identifier: { system: "urn:ietf:rfc:3986", value: `urn:uuid:${crypto.randomUUID()}` } },
    ...{ type: "document", timestamp: now.toISOString() },
  };
  const entry = (fullUrl: string, resource: string): string => `{"fullUrl":${JSON.stringify(fullUrl)},"resource":${resource}}`;
  const stored = new Map([...summaryVersions(content), ...directory].map((each) => [`${publicUrl}/${each.type}/${each.id}`, each.content]));
  const entries = [
    entry(`urn:uuid:${composition.id}`, JSON.stringify(composition)),
    ...[...stored].map(([fullUrl, text]) => entry(fullUrl, text)),
    entry(`urn:uuid:${device.id}`, JSON.stringify(device)),
  ];
  return `${JSON.stringify(head).slice(0, -1)},"entry":[${entries.join(",")}]}`;
}

/** A summary of a patient without a name or a date of birth is none by the letter of the IPS, and must not say that it is. */
function isIpsPatient({ name, birthDate, _birthDate }: Element): boolean {
  const named = elements(name).some(({ text, family, given }) => Boolean(text ?? family ?? given));
  return named && (birthDate ?? _birthDate) !== undefined;
}

function compositionOf(
  { patient, sections: chosen }: SummaryContent,
  {
    publicUrl,
    language,
    now,
    conformant,
    author,
  }: { publicUrl: string; language: Language; now: Date; conformant: boolean; author: string },
): { id: string; [element: string]: unknown } {
  const careProvision = { system: "http://terminology.hl7.org/CodeSystem/v3-ActClass", code: "PCPR", display: "care provision" };
  return {
    ...{ resourceType: "Composition", id: crypto.randomUUID() },
    ...(conformant ? { meta: { profile: [`${profile}Composition-uv-ips`] } } : {}),
    ...{ language, text: narrative(language, headOf(patient.resource, language)), status: "final" },
    type: { coding: [{ system: loinc, code: "60591-5", display: "Patient summary Document" }] },
    subject: { reference: `${publicUrl}/${nameOf(patient)}` },
    date: now.toISOString(),
    author: [{ reference: author }],
    title: titles.summary[language],
    event: [{ code: [{ coding: [careProvision] }], period: { end: now.toISOString() } }],
    section: chosen
      .filter(({ section, parts }) => section.required || parts.length > 0)
      .map(({ section, parts }) => sectionOf(section, parts, publicUrl, language)),
  };
}

/** Whom the summary is about, for the reader of a printed page. */
function headOf(patient: Element, language: Language): string {
  const identifiers = elements(patient.identifier).map(({ value, system }) => joined([primitive(value), primitive(system)], " · "));
  const cells = [
    nameText(patient.name),
    primitive(patient.birthDate),
    word(primitive(patient.gender), language),
    joined(identifiers),
  ] as const;
  const columns = (["name", "birthDate", "gender", "identifier"] as const).map((heading) => headings[heading][language]);
  return table(columns, [cells]) + paragraph(sentences.made[language]);
}

function sectionOf({ title, code, display, columns }: Section, parts: readonly Part[], publicUrl: string, language: Language): object {
  const head = { title: title[language], code: { coding: [{ system: loinc, code, display }] } };
  if (parts.length === 0) {
    // Nothing is known, which is not to say that there is nothing.
    const reason = { system: "http://terminology.hl7.org/CodeSystem/list-empty-reason", code: "unavailable", display: "Unavailable" };
    return { ...head, text: narrative(language, paragraph(sentences.none[language])), emptyReason: { coding: [reason] } };
  }
  const rows = parts.map(({ resource }) => {
    const [first = "", ...others] = columns.map(({ text }) => text(resource, language));
    // http://hl7.org/fhir/R4/extensibility.html#modifierExtension: what is not understood must not be passed over.
    return [resource.modifierExtension === undefined ? first : `${first} (${sentences.qualified[language]})`, ...others];
  });
  const heads = columns.map(({ heading }) => headings[heading][language]);
  return {
    ...{ ...head, text: narrative(language, table(heads, rows)) },
    entry: parts.map((part) => ({ reference: `${publicUrl}/${nameOf(part)}` })),
  };
}
