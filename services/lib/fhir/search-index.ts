import {
  evalFhirPathTyped,
  type FhirPathAtom,
  getExpressionForResourceType,
  parseFhirPath,
  type TypedValue,
  toTypedValue,
} from "@medplum/core";
import type { Resource, SearchParameter } from "@medplum/fhirtypes";
import { type DateRange, dateRange } from "./date-range.ts";
import type { Definitions } from "./definitions.ts";
import type { AnyResource } from "./validate.ts";

/** What can be searched for in a resource, as rows for three generic index tables. */
export interface SearchIndex {
  /** Also references (`system` is the target's type, `code` its id, or `system` "" and the whole URL) and uris. */
  tokens: { parameter: string; system: string; code: string }[];
  /** Normalised by `normaliseString`, except that `exact` keeps the original. */
  strings: { parameter: string; value: string; exact: string }[];
  dates: { parameter: string; low: string; high: string }[];
}

export type ParameterKind = "token" | "reference" | "string" | "date" | "uri";

export interface IndexedParameter {
  code: string;
  kind: ParameterKind;
  definition: SearchParameter;
  expression: FhirPathAtom;
  /** For references: the types they may point to. */
  targets: string[];
}

/** The search parameters of one resource type, ready to evaluate. @throws when one has a kind this platform does not index */
export function indexedParameters(definitions: Definitions, type: string, codes: readonly string[]): Map<string, IndexedParameter> {
  return new Map(
    codes.map((code) => {
      const definition = definitions.searchParameter(type, code);
      const kind = definition.type as ParameterKind;
      const expression = getExpressionForResourceType(type, definition.expression ?? "");
      if (!["token", "reference", "string", "date", "uri"].includes(kind) || !expression) {
        throw new Error(`search parameter ${code} of ${type} is of kind ${definition.type}, which is not indexed`);
      }
      return [code, { code, kind, definition, expression: parseFhirPath(expression), targets: definition.target ?? [] }];
    }),
  );
}

/** Bounds on one index row: longer values are cut, and found by their beginning. */
const maxLength = 500;

/** What a resource is to be found by. */
export function searchIndex(parameters: ReadonlyMap<string, IndexedParameter>, resource: AnyResource): SearchIndex {
  const index: SearchIndex = { tokens: [], strings: [], dates: [] };
  const input = [toTypedValue(resource as unknown as Resource)];
  for (const { code: parameter, kind, expression } of parameters.values()) {
    for (const value of evalFhirPathTyped(expression, input)) {
      if (kind === "date") {
        const range = valueRange(value);
        if (range) index.dates.push({ parameter, ...range });
      } else if (kind === "string") {
        for (const text of strings(value.value))
          index.strings.push({ parameter, value: normaliseString(text), exact: text.slice(0, maxLength) });
      } else {
        for (const token of kind === "token" ? tokens(value) : references(value.value)) index.tokens.push({ parameter, ...token });
      }
    }
  }
  index.tokens = distinct(index.tokens);
  index.strings = distinct(index.strings);
  return index;
}

function distinct<T>(rows: T[]): T[] {
  return [...new Map(rows.map((row) => [JSON.stringify(row), row])).values()];
}

/** Lower case, without accents and with single spaces, as FHIR wants strings compared. */
export function normaliseString(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().replace(/\s+/g, " ").trim().slice(0, maxLength);
}

/** Splits a literal reference into type and id; a version is dropped, a foreign URL kept whole. */
export function splitReference(reference: string, ownUrl?: string): { system: string; code: string } {
  const relative = ownUrl && reference.startsWith(`${ownUrl}/`) ? reference.slice(ownUrl.length + 1) : reference;
  const match = /^([A-Z][A-Za-z]+)\/([A-Za-z0-9\-.]{1,64})(?:\/_history\/.*)?$/.exec(relative);
  return match?.[1] && match[2] ? { system: match[1], code: match[2] } : { system: "", code: relative.slice(0, maxLength) };
}

function references(value: unknown): { system: string; code: string }[] {
  const reference = typeof value === "string" ? value : (value as { reference?: unknown } | null)?.reference;
  return typeof reference === "string" ? [splitReference(reference)] : [];
}

function tokens({ type, value }: TypedValue): { system: string; code: string }[] {
  if (typeof value === "string" || typeof value === "boolean") {
    return [{ system: "", code: String(value).slice(0, maxLength) }];
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
    ? [{ system: typeof system === "string" && type !== "ContactPoint" ? system.slice(0, maxLength) : "", code: token.slice(0, maxLength) }]
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

const beginning = "0001-01-01T00:00:00.000Z";
const end = "9999-12-31T23:59:59.999Z";

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
