import {
  evalFhirPathTyped,
  type FhirPathAtom,
  getExpressionForResourceType,
  parseFhirPath,
  type TypedValue,
  toTypedValue,
} from "@medplum/core";
import type { Resource, SearchParameter } from "@medplum/fhirtypes";
import { allTime, type DateRange, dateRange } from "./date-range.ts";
import type { Definitions } from "./definitions.ts";
import type { AnyResource } from "./validate.ts";

/**
 * What can be searched for in a resource, as rows for four generic index tables. Rows of a composite parameter have an `occurrence`: those with
 * the same one within a resource, one for each part, belong together.
 */
export interface SearchIndex {
  /** Also references (`system` is the target's type, `code` its id, or `system` "" and the whole URL) and uris. */
  tokens: { parameter: string; occurrence?: number; system: string; code: string }[];
  /** Normalised by `normaliseString`, except that `exact` keeps the original. */
  strings: { parameter: string; occurrence?: number; value: string; exact: string }[];
  dates: { parameter: string; occurrence?: number; low: string; high: string }[];
  /** Decimals as text; `code` is the unit's code, `unit` its text. */
  quantities: { parameter: string; occurrence?: number; low: string; high: string; system: string; code: string; unit: string }[];
}

const kinds = ["token", "reference", "string", "date", "uri", "number", "quantity"] as const;
export type ParameterKind = (typeof kinds)[number];

/** The table that a kind of parameter is kept in. */
export const tableOf = {
  ...{ token: "token", reference: "token", uri: "token", string: "string", date: "date", number: "quantity", quantity: "quantity" },
} as const satisfies Record<ParameterKind, string>;

export interface IndexedParameter {
  code: string;
  kind: ParameterKind | "composite";
  definition: SearchParameter;
  expression: FhirPathAtom;
  /** For references: the types they may point to. */
  targets: string[];
  /** What the names of the elements that it looks at begin with; empty: it looks at the whole resource. */
  elements: string[];
  /** Of a composite one: its parts in their order. */
  components: ComponentParameter[];
}

/** A part of a composite parameter, kept under a code of its own. Its expression starts from what the composite's one finds. */
export interface ComponentParameter {
  code: string;
  kind: ParameterKind;
  expression: FhirPathAtom;
  targets: string[];
}

/** Known without an index: the store keeps them with each resource. */
const kept = new Set(["_id", "_lastUpdated"]);

/**
 * The search parameters of one resource type, ready to evaluate, by code.
 * @param further parameters besides the specification's own
 */
export function indexedParameters(
  definitions: Definitions,
  type: string,
  further: readonly SearchParameter[] = [],
): Map<string, IndexedParameter> {
  const parameters = new Map<string, IndexedParameter>();
  for (const definition of [...definitions.searchParameters(type), ...further]) {
    if (definition.type === "composite") {
      const composite = compositeParameter(definitions, type, definition);
      if (composite) parameters.set(composite.code, composite);
      continue;
    }
    const kind = kinds.find((each) => each === definition.type);
    if (!kind || !definition.code || !definition.expression || kept.has(definition.code)) continue;
    // What every resource has is defined on Resource: `Resource.meta.tag`.
    const expression = getExpressionForResourceType(type, definition.expression.replace(/^Resource\./, `${type}.`));
    if (!expression) continue;
    const { code, target: targets = [] } = definition;
    const elements = elementsOf(type, expression);
    parameters.set(code, { code, kind, definition, expression: parseFhirPath(expression), targets, elements, components: [] });
  }
  return parameters;
}

function elementsOf(type: string, expression: string): string[] {
  return [...expression.matchAll(new RegExp(`\\b${type}\\.(\\w+)`, "g"))].map(([, name]) => name ?? "");
}

/** http://hl7.org/fhir/R4/search.html#composite; undefined where the specification does not say enough. */
function compositeParameter(definitions: Definitions, type: string, definition: SearchParameter): IndexedParameter | undefined {
  const { code, component = [], expression = "" } = definition;
  const bases = expression.split("|").map((each) => each.trim());
  const own = bases.filter((each) => each === type || each.startsWith(`${type}.`));
  const named = component.map((each) => definitions.searchParameters(type).find(({ url }) => url === each.definition));
  const components = component.map((each, place): ComponentParameter | undefined => {
    // R4 has the definitions of DocumentReference's `relationship` the wrong way round: the one that looks at the same element is meant.
    const meant =
      named.find((one) => getExpressionForResourceType(type, one?.expression ?? "")?.endsWith(`.${each.expression}`)) ?? named[place];
    const kind = kinds.find((one) => one === meant?.type);
    const part = `${code}$${place}`;
    return kind && { code: part, kind, expression: parseFhirPath(each.expression ?? ""), targets: meant?.target ?? [] };
  });
  const known = components.filter((each) => each !== undefined);
  if (!code || own.length === 0 || known.length < 2 || known.length < components.length) {
    return undefined;
  }
  const elements = own.includes(type) ? [] : elementsOf(type, own.join(" | "));
  return { code, kind: "composite", definition, expression: parseFhirPath(own.join(" | ")), targets: [], elements, components: known };
}

/** Bounds on one value, of which an index row has two: longer ones are cut, and found by their beginning. PostgreSQL allows 2,704 bytes a row. */
const [maxLength, maxBytes] = [500, 1000];

function cut(text: string): string {
  if (text.length * 3 <= maxBytes) return text;
  const short = text.slice(0, maxLength);
  if (Buffer.byteLength(short) <= maxBytes) return short.replace(/[\ud800-\udbff]$/, "");
  // Never within a character: half of one cannot be kept.
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(Buffer.from(short).subarray(0, maxBytes), { stream: true });
}

/**
 * What a resource is to be found by.
 * @param ownUrl what references to this very server may begin with
 */
export function searchIndex(parameters: ReadonlyMap<string, IndexedParameter>, resource: AnyResource, ownUrl?: string): SearchIndex {
  const index = emptyIndex();
  const input = [toTypedValue(resource as unknown as Resource)];
  const present = Object.keys(resource);
  for (const { code, kind, expression, elements, components } of parameters.values()) {
    // Most parameters look at elements that most resources do not have.
    if (elements.length > 0 && !elements.some((element) => present.some((name) => name.startsWith(element)))) continue;
    for (const [occurrence, value] of evalFhirPathTyped(expression, input).entries()) {
      if (kind === "composite") addOccurrence(index, components, value, { occurrence, ownUrl });
      else addValue(index, { parameter: code, ownUrl }, kind, value);
      if (kind === "reference") indexReferred(index, code, value.value, resource);
    }
  }
  index.tokens = distinct(index.tokens);
  index.strings = distinct(index.strings);
  return index;
}

/** What a reference tells besides where it leads: a business identifier (`patient:identifier`), and the name of a contained person (`author.family`). */
function indexReferred(index: SearchIndex, parameter: string, value: unknown, { contained }: AnyResource): void {
  const { reference, identifier } = (value ?? {}) as { reference?: unknown; identifier?: unknown };
  for (const token of tokens({ type: "Identifier", value: identifier }))
    index.tokens.push({ parameter: `${parameter}:identifier`, ...token });
  if (typeof reference !== "string" || !reference.startsWith("#") || !Array.isArray(contained)) return;
  const person = (contained as ({ id?: unknown; name?: unknown } | null)[]).find((each) => `#${each?.id}` === reference);
  for (const name of Array.isArray(person?.name) ? (person.name as (Partial<Record<"family" | "given", unknown>> | null)[]) : []) {
    for (const part of ["family", "given"] as const) {
      const texts = [name?.[part]].flat().filter((text) => typeof text === "string");
      index.strings.push(...texts.map((text) => ({ parameter: `${parameter}.${part}`, value: normaliseString(text), exact: cut(text) })));
    }
  }
}

/** A composite's parts found in one place; a place that lacks one of them is none. */
function addOccurrence(
  index: SearchIndex,
  components: readonly ComponentParameter[],
  place: TypedValue,
  of: { occurrence: number; ownUrl: string | undefined },
): void {
  const parts = components.map(({ code, kind, expression }) => {
    const part = emptyIndex();
    for (const value of evalFhirPathTyped(expression, [place])) addValue(part, { parameter: code, ...of }, kind, value);
    return part;
  });
  if (parts.some((part) => Object.values(part).every((rows: unknown[]) => rows.length === 0))) return;
  for (const { tokens, strings, dates, quantities } of parts) {
    index.tokens.push(...tokens);
    index.strings.push(...strings);
    index.dates.push(...dates);
    index.quantities.push(...quantities);
  }
}

function addValue(
  index: SearchIndex,
  { ownUrl, ...of }: { parameter: string; occurrence?: number; ownUrl: string | undefined },
  kind: ParameterKind,
  value: TypedValue,
): void {
  if (kind === "date") {
    const range = valueRange(value);
    if (range) index.dates.push({ ...of, ...range });
  } else if (tableOf[kind] === "quantity") {
    const found = quantity(value);
    if (found) index.quantities.push({ ...of, ...found });
  } else if (kind === "string") {
    for (const text of strings(value.value)) index.strings.push({ ...of, value: normaliseString(text), exact: cut(text) });
  } else {
    const found = kind === "reference" ? references(value.value, ownUrl) : kind === "uri" ? uris(value) : tokens(value);
    for (const token of found) index.tokens.push({ ...of, ...token });
  }
}

/** That of a resource which nothing finds. */
export function emptyIndex(): SearchIndex {
  return { tokens: [], strings: [], dates: [], quantities: [] };
}

function distinct<T>(rows: T[]): T[] {
  return [...new Map(rows.map((row) => [JSON.stringify(row), row])).values()];
}

/** Lower case, without accents and with single spaces, as FHIR wants strings compared. */
export function normaliseString(text: string): string {
  return cut(text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().replace(/\s+/g, " ").trim());
}

/** Splits a literal reference into type and id; a version is dropped, a foreign URL kept whole. */
export function splitReference(reference: string, ownUrl?: string): { system: string; code: string } {
  const relative = ownUrl && reference.startsWith(`${ownUrl}/`) ? reference.slice(ownUrl.length + 1) : reference;
  const match = /^([A-Z][A-Za-z]+)\/([A-Za-z0-9\-.]{1,64})(?:\/_history\/.*)?$/.exec(relative);
  return match?.[1] && match[2] ? { system: match[1], code: match[2] } : { system: "", code: cut(relative) };
}

function references(value: unknown, ownUrl: string | undefined): { system: string; code: string }[] {
  const reference = typeof value === "string" ? value : (value as { reference?: unknown } | null)?.reference;
  return typeof reference === "string" ? [splitReference(reference, ownUrl)] : [];
}

/** A canonical that names a version (`…|1.0`) is found without it, too. */
function uris({ type, value }: TypedValue): { system: string; code: string }[] {
  const [unversioned, version] = typeof value === "string" ? value.split("|") : [];
  return [...tokens({ type, value }), ...(version === undefined ? [] : tokens({ type, value: unversioned }))];
}

function tokens({ type, value }: TypedValue): { system: string; code: string }[] {
  if (typeof value === "string" || typeof value === "boolean") {
    return [{ system: "", code: cut(String(value)) }];
  }
  if (typeof value !== "object" || value === null) {
    return [];
  }
  const { coding, system, code, value: text } = value as { coding?: unknown; system?: unknown; code?: unknown; value?: unknown };
  if (Array.isArray(coding)) {
    return coding.flatMap((each) => tokens({ type: "Coding", value: each }));
  }
  // A ContactPoint's system says what it is (phone), not whose code it is: FHIR has it searched by its value.
  const token = type === "Coding" ? code : text;
  return typeof token === "string"
    ? [{ system: typeof system === "string" && type !== "ContactPoint" ? cut(system) : "", code: cut(token) }]
    : [];
}

/** The texts of a string, HumanName or Address: each part by itself, so that each is found by its beginning. */
function strings(value: unknown): string[] {
  if (typeof value === "string") {
    return [value];
  }
  if (typeof value !== "object" || value === null) {
    return [];
  }
  const names = ["text", "family", "given", "prefix", "suffix", "line", "city", "district", "state", "postalCode", "country"];
  return names.flatMap((name) => (value as Record<string, unknown>)[name] ?? []).filter((part): part is string => typeof part === "string");
}

const most = "1e30";

/** A number, a Quantity (Age, Duration), or a Range, whose missing end is as far away as any. */
function quantity({ value }: TypedValue): Omit<SearchIndex["quantities"][number], "parameter"> | undefined {
  if (typeof value === "number") return { low: String(value), high: String(value), system: "", code: "", unit: "" };
  const { low, high, ...single } = (value ?? {}) as { value?: unknown; low?: Measured; high?: Measured };
  const unitOf = ({ system, code, unit }: Measured) => ({
    ...{ system: textOf(system), code: textOf(code), unit: textOf(unit) },
  });
  if (typeof single.value === "number") return { low: String(single.value), high: String(single.value), ...unitOf(single as Measured) };
  const ends = [low, high].filter((end) => typeof end?.value === "number");
  if (ends.length === 0) return undefined;
  return { low: String(low?.value ?? `-${most}`), high: String(high?.value ?? most), ...unitOf(ends[0] ?? {}) };
}

interface Measured {
  value?: unknown;
  system?: unknown;
  code?: unknown;
  unit?: unknown;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? cut(value) : "";
}

const { low: beginning, high: end } = allTime;

function valueRange({ value }: TypedValue): DateRange | undefined {
  if (typeof value === "string") {
    return dateRange(value);
  }
  const { start, end: finish, event } = (value ?? {}) as { start?: unknown; end?: unknown; event?: unknown };
  if (Array.isArray(event)) {
    const ranges = event.map((each) => dateRange(String(each))).filter((range) => range !== undefined);
    return ranges.length === 0
      ? undefined
      : {
          low: ranges.map((range) => range.low).sort()[0] ?? beginning,
          high:
            ranges
              .map((range) => range.high)
              .sort()
              .at(-1) ?? end,
        };
  }
  if (typeof start !== "string" && typeof finish !== "string") {
    return undefined;
  }
  return {
    low: typeof start === "string" ? (dateRange(start)?.low ?? beginning) : beginning,
    high: typeof finish === "string" ? (dateRange(finish)?.high ?? end) : end,
  };
}
