import { FhirError, fhirError, issue, type OperationOutcomeIssue } from "../operation-outcome.ts";
import { type DateRange, dateRange } from "./date-range.ts";
import { type IndexedParameter, normaliseString, splitReference } from "./search-index.ts";
import { idPattern } from "./validate.ts";

export type DatePrefix = "eq" | "ne" | "gt" | "lt" | "ge" | "le" | "sa" | "eb";

/** One parameter of a search; the alternatives of one are joined by OR, conditions by AND. */
export type Condition =
  | { kind: "id"; ids: string[] }
  | { kind: "lastUpdated"; alternatives: ({ prefix: DatePrefix } & DateRange)[] }
  | { kind: "date"; parameter: string; alternatives: ({ prefix: DatePrefix } & DateRange)[] }
  | { kind: "token"; parameter: string; negated: boolean; alternatives: { system?: string; code?: string }[] }
  | { kind: "string"; parameter: string; match: "prefix" | "exact" | "contains"; alternatives: string[] }
  | { kind: "missing"; parameter: string; table: "token" | "string" | "date"; missing: boolean };

export interface Sort {
  /** `_lastUpdated` or the code of a date parameter; `none` is the order of creation, which later updates cannot disturb. */
  by: string;
  descending: boolean;
}

export interface SearchRequest {
  conditions: Condition[];
  count: number;
  total: boolean;
  sort: Sort;
  cursor?: Cursor;
  /** The parameters that were understood, in their order: what the links of the Bundle repeat. */
  used: [string, string][];
  /** About parameters that were ignored. */
  warnings: OperationOutcomeIssue[];
}

/** Where a page ends: the key of its last match and, when sorted, the value it was sorted by. */
export interface Cursor {
  key: string;
  value?: string;
}

export const searchLimits = { defaultCount: 20, maxCount: 200, maxParameters: 30, maxAlternatives: 100 } as const;

const results = new Set(["_count", "_sort", "_total", "_cursor", "_format", "_pretty"]);

/**
 * Parses the query of a type-level search.
 * @throws FhirError 400 for what is understood but wrong, and under `strict` handling for parameters that are unknown
 */
export function parseSearch(
  query: readonly [string, string][],
  parameters: ReadonlyMap<string, IndexedParameter>,
  options: { strict: boolean; ownUrl: string },
): SearchRequest {
  const request: SearchRequest = {
    conditions: [],
    count: searchLimits.defaultCount,
    total: false,
    sort: { by: "none", descending: false },
    used: [],
    warnings: [],
  };
  if (query.length > searchLimits.maxParameters) {
    throw fhirError(400, "too-long", `A search may have at most ${searchLimits.maxParameters} parameters`);
  }
  for (const [name, value] of query) {
    if (value.includes("\u0000")) {
      throw fhirError(400, "value", "A search value may not hold a NUL character");
    }
    if (results.has(name)) {
      parseResultParameter(request, parameters, name, value);
    } else if (value !== "") {
      parseCondition(request, parameters, name, value, options.ownUrl);
    }
    if (name !== "_cursor" && name !== "_format" && name !== "_pretty") {
      request.used.push([name, value]);
    }
  }
  if (options.strict && request.warnings.length > 0) {
    throw new FhirError(400, {
      resourceType: "OperationOutcome",
      issue: request.warnings.map((warning) => ({ ...warning, severity: "error" })),
    });
  }
  const ignored = new Set(request.warnings.map((warning) => warning.expression?.[0]));
  request.used = request.used.filter(([name]) => !ignored.has(name));
  return request;
}

function parseResultParameter(
  request: SearchRequest,
  parameters: ReadonlyMap<string, IndexedParameter>,
  name: string,
  value: string,
): void {
  if (name === "_count") {
    if (!/^\d{1,9}$/.test(value)) throw fhirError(400, "value", "_count must be a number", { expression: name });
    request.count = Math.min(Number(value), searchLimits.maxCount);
  } else if (name === "_total") {
    if (!["none", "estimate", "accurate"].includes(value))
      throw fhirError(400, "value", "_total must be none, estimate or accurate", { expression: name });
    request.total = value !== "none";
  } else if (name === "_cursor") {
    request.cursor = decodeCursor(value);
  } else if (name === "_sort") {
    const by = value.replace(/^-/, "");
    if (by !== "_lastUpdated" && parameters.get(by)?.kind !== "date") {
      throw fhirError(400, "not-supported", "_sort can be by _lastUpdated or by one date parameter", { expression: name });
    }
    request.sort = { by, descending: value.startsWith("-") };
  }
}

function parseCondition(
  request: SearchRequest,
  parameters: ReadonlyMap<string, IndexedParameter>,
  name: string,
  value: string,
  ownUrl: string,
): void {
  const [code = "", modifier] = name.split(/:(.*)/s);
  const alternatives = splitEscaped(value, ",");
  if (alternatives.length > searchLimits.maxAlternatives) {
    throw fhirError(400, "too-long", `A parameter may have at most ${searchLimits.maxAlternatives} alternatives`, { expression: code });
  }
  if (code === "_id" || code === "_lastUpdated") {
    if (modifier !== undefined) throw unsupportedModifier(name);
    request.conditions.push(
      code === "_id"
        ? { kind: "id", ids: alternatives.map((each) => parseId(unescaped(each))) }
        : { kind: "lastUpdated", alternatives: alternatives.map((each) => parseDate(code, each)) },
    );
    return;
  }
  const parameter = parameters.get(code);
  if (!parameter) {
    request.warnings.push(issue("warning", "not-supported", "Unknown search parameter, ignored", name.slice(0, 100)));
    return;
  }
  request.conditions.push(
    modifier === "missing" ? parseMissing(parameter, value) : parseKnown(parameter, modifier, alternatives, name, ownUrl),
  );
}

function parseKnown(
  parameter: IndexedParameter,
  modifier: string | undefined,
  alternatives: string[],
  name: string,
  ownUrl: string,
): Condition {
  const { code, kind } = parameter;
  if (kind === "date" && modifier === undefined) {
    return { kind: "date", parameter: code, alternatives: alternatives.map((each) => parseDate(code, each)) };
  }
  if (kind === "string" && (modifier === undefined || modifier === "exact" || modifier === "contains")) {
    const texts = alternatives.map(unescaped).map((text) => (modifier === "exact" ? text : normaliseString(text)));
    return { kind: "string", parameter: code, match: modifier ?? "prefix", alternatives: texts };
  }
  if (kind === "token" && (modifier === undefined || modifier === "not")) {
    return {
      kind: "token",
      parameter: code,
      negated: modifier === "not",
      alternatives: alternatives.map((each) => parseToken(code, each)),
    };
  }
  if (kind === "uri" && modifier === undefined) {
    return {
      kind: "token",
      parameter: code,
      negated: false,
      alternatives: alternatives.map((each) => ({ system: "", code: unescaped(each) })),
    };
  }
  if (kind === "reference" && (modifier === undefined || parameter.targets.includes(modifier))) {
    return {
      kind: "token",
      parameter: code,
      negated: false,
      alternatives: alternatives.map((each) => parseReference(unescaped(each), modifier, ownUrl)),
    };
  }
  throw unsupportedModifier(name);
}

function unsupportedModifier(name: string): FhirError {
  return fhirError(400, "not-supported", "This modifier is not supported for this parameter", { expression: name.slice(0, 100) });
}

function parseMissing(parameter: IndexedParameter, value: string): Condition {
  if (value !== "true" && value !== "false") {
    throw fhirError(400, "value", ":missing must be true or false", { expression: parameter.code });
  }
  const table = parameter.kind === "string" || parameter.kind === "date" ? parameter.kind : "token";
  return { kind: "missing", parameter: parameter.code, table, missing: value === "true" };
}

/** An id no resource can have matches nothing; it is not an error. */
function parseId(text: string): string {
  return idPattern.test(text) ? text : "";
}

function parseReference(text: string, modifier: string | undefined, ownUrl: string): { system?: string; code: string } {
  const split = splitReference(text, ownUrl);
  if (split.system === "" && idPattern.test(split.code)) {
    return modifier === undefined ? { code: split.code } : { system: modifier, code: split.code };
  }
  return split;
}

function parseToken(parameter: string, text: string): { system?: string; code?: string } {
  const parts = splitEscaped(text, "|").map(unescaped);
  const [first = "", second] = parts;
  if (parts.length > 2 || (parts.length === 2 && first === "" && second === "")) {
    throw fhirError(400, "value", "A token is code, system|code, |code or system|", { expression: parameter });
  }
  if (second === undefined) {
    return { code: first };
  }
  return second === "" ? { system: first } : { system: first, code: second };
}

function parseDate(parameter: string, text: string): { prefix: DatePrefix } & DateRange {
  const match = /^(eq|ne|gt|lt|ge|le|sa|eb)?(\d.*)$/s.exec(unescaped(text).replace(" ", "+"));
  const range = match?.[2] === undefined ? undefined : dateRange(match[2]);
  if (!match || !range) {
    throw fhirError(400, "value", "Not a FHIR date, or its prefix is not supported", { expression: parameter });
  }
  return { prefix: (match[1] ?? "eq") as DatePrefix, ...range };
}

/** Splits at a separator that no backslash precedes. The parts stay escaped. */
function splitEscaped(text: string, separator: string): string[] {
  const parts = [""];
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? "";
    if (character === separator) {
      parts.push("");
    } else {
      parts[parts.length - 1] += character === "\\" ? character + (text[++at] ?? "") : character;
    }
  }
  return parts;
}

function unescaped(text: string): string {
  return text.replace(/\\([\\,|$])/g, "$1");
}

export function encodeCursor(cursor: Cursor): string {
  return Buffer.from(JSON.stringify([cursor.key, cursor.value].filter((each) => each !== undefined))).toString("base64url");
}

function decodeCursor(text: string): Cursor {
  try {
    const [key, value] = JSON.parse(Buffer.from(text, "base64url").toString("utf8")) as unknown[];
    const goodValue =
      value === undefined ||
      (typeof value === "string" && (value === "infinity" || value === "-infinity" || dateRange(value) !== undefined));
    if (typeof key === "string" && /^\d{1,18}$/.test(key) && goodValue) {
      return { key, ...(typeof value === "string" ? { value } : {}) };
    }
  } catch {
    // Falls through to the refusal: a cursor is the server's own, or it is wrong.
  }
  throw fhirError(400, "value", "The _cursor is not one of this server's", { expression: "_cursor" });
}
