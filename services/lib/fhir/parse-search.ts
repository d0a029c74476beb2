import { FhirError, fhirError, issue, type OperationOutcomeIssue } from "../operation-outcome.ts";
import { allTime, type DateRange, dateRange } from "./date-range.ts";
import {
  type ComponentParameter,
  type IndexedParameter,
  normaliseString,
  type ParameterKind,
  splitReference,
  tableOf,
} from "./search-index.ts";
import { idPattern } from "./validate.ts";

/** `ap`: the range is one that the searched one has been widened to. */
export type DatePrefix = "eq" | "ne" | "gt" | "lt" | "ge" | "le" | "sa" | "eb" | "ap";

/** `below`: also what begins with the code and goes on with a slash. */
export interface TokenTest {
  system?: string;
  code?: string;
  below?: boolean;
}

/** A parameter whose values are kept in the index table of the same name. */
export type ValueCondition =
  | { kind: "date"; parameter: string; alternatives: ({ prefix: DatePrefix } & DateRange)[] }
  | { kind: "token"; parameter: string; negated: boolean; alternatives: TokenTest[] }
  | { kind: "string"; parameter: string; match: "prefix" | "exact" | "contains"; alternatives: string[] }
  | { kind: "quantity"; parameter: string; alternatives: QuantityTest[] };

/** One parameter of a search; the alternatives of one are joined by OR, conditions by AND. */
export type Condition =
  | { kind: "id"; ids: string[] }
  | { kind: "lastUpdated"; alternatives: ({ prefix: DatePrefix } & DateRange)[] }
  | ValueCondition
  /** In one place of the resource every part of one alternative is met. */
  | { kind: "composite"; parameter: string; alternatives: ValueCondition[][] }
  /** What the reference points to meets the condition. */
  | { kind: "chain"; parameter: string; target: string; condition: Condition }
  /** Some resource of the type, whose reference points here, meets the condition. */
  | { kind: "has"; type: string; parameter: string; condition: Condition }
  /** One of them holds: a chain along a reference to several types. */
  | { kind: "any"; conditions: Condition[] }
  | { kind: "missing"; parameter: string; table: IndexTable; missing: boolean };

export type IndexTable = (typeof tableOf)[ParameterKind];

/** Further resources for a page: those that its matches refer to (`_include`), or that refer to them (`_revinclude`). */
export interface Inclusion {
  direction: "include" | "revinclude";
  /** The type whose parameter it is. */
  type: string;
  parameter: string;
  /** The types that the reference may lead to, or the searched type for `_revinclude`. */
  targets: string[];
  /** Also from what was included. */
  iterate: boolean;
}

/** A number as it was written stands for all that round to it: those within `half` its last digit. Both are decimals as text. */
export interface QuantityTest {
  prefix: DatePrefix;
  value: string;
  half: string;
  /** Undefined: of any system; "": of none. */
  system?: string;
  /** The unit's code or its text. */
  code?: string;
}

export interface Sort {
  /** `_lastUpdated` or the code of a date or string parameter; `none` is the order of creation, which later updates cannot disturb. */
  by: string;
  /** By a string parameter. */
  isText?: boolean;
  descending: boolean;
}

export interface SearchRequest {
  conditions: Condition[];
  inclusions: Inclusion[];
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

export const searchLimits = {
  ...{
    defaultCount: 20,
    maxCount: 200,
    maxParameters: 30,
    maxAlternatives: 100,
    maxChain: 3,
    maxChainTypes: 6,
    maxInclusions: 10,
    maxIncluded: 1000,
  },
} as const;

/** What a search may be about: each type that the server keeps, with its parameters. */
export type SearchableTypes = ReadonlyMap<string, { parameters: ReadonlyMap<string, IndexedParameter> }>;

interface Searched {
  type: string;
  parameters: ReadonlyMap<string, IndexedParameter>;
  types: SearchableTypes;
  ownUrl: string;
}

/** `_summary` and `_elements` are read by `parseSubset`; here they only bear on what is searched for. */
const results = new Set(["_count", "_sort", "_total", "_cursor", "_format", "_pretty", "_summary", "_elements"]);

/**
 * Parses the query of a type-level search.
 * @throws FhirError 400 for what is understood but wrong, and under `strict` handling for parameters that are unknown
 */
export function parseSearch(
  query: readonly [string, string][],
  type: string,
  types: SearchableTypes,
  options: { strict: boolean; ownUrl: string },
): SearchRequest {
  const searched = { type, parameters: types.get(type)?.parameters ?? new Map(), types, ownUrl: options.ownUrl };
  const request: SearchRequest = {
    conditions: [],
    inclusions: [],
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
      parseResultParameter(request, searched.parameters, name, value);
    } else if (/^_(rev)?include(:|$)/.test(name)) {
      parseInclusion(request, searched, name, value);
    } else if (value !== "") {
      const condition = parseCondition(searched, name, value, 0);
      if (condition) request.conditions.push(condition);
      else request.warnings.push(issue("warning", "not-supported", "Unknown search parameter, ignored", name.slice(0, 100)));
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
  bySummary(request, query);
  const cursor = query.findLast(([name]) => name === "_cursor");
  if (cursor) request.cursor = decodeCursor(cursor[1], request.sort.isText);
  const ignored = new Set(request.warnings.map((warning) => warning.expression?.[0]));
  request.used = request.used.filter(([name]) => /\S/.test(name) && !ignored.has(name.slice(0, 100)));
  return request;
}

/** What `_summary` asks of the search itself: http://hl7.org/fhir/R4/search.html#summary @throws FhirError 400 */
function bySummary(request: SearchRequest, query: readonly [string, string][]): void {
  const summary = query.find(([name]) => name === "_summary")?.[1];
  if (summary === "text" && request.inclusions.length > 0) {
    throw fhirError(400, "value", "_include and _revinclude cannot be combined with _summary=text", { expression: "_summary" });
  }
  if (summary === "count") request.count = 0;
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
  } else if (name === "_sort") {
    const by = value.replace(/^-/, "");
    const kind = by === "_lastUpdated" ? "date" : parameters.get(by)?.kind;
    if (kind !== "date" && kind !== "string") {
      throw fhirError(400, "not-supported", "_sort can be by _lastUpdated or by one date or string parameter", { expression: name });
    }
    request.sort = { by, descending: value.startsWith("-"), ...(kind === "string" ? { isText: true } : {}) };
  }
}

/** `_include=Observation:subject:Patient`, `_revinclude:iterate=Provenance:target`. */
function parseInclusion(request: SearchRequest, { type, types }: Searched, name: string, value: string): void {
  const [, direction = "", modifier] = /^_((?:rev)?include)(?::(.*))?$/s.exec(name) ?? [];
  const [source = "", code = "", target, ...rest] = value.split(":");
  const parameter = types.get(source)?.parameters.get(code);
  const wrong = (text: string): FhirError => fhirError(400, "value", text, { expression: name.slice(0, 100) });
  if (modifier !== undefined && modifier !== "iterate") throw unsupportedModifier(name);
  if (parameter?.kind !== "reference" || rest.length > 0)
    throw wrong("It must name a type and one of its references, as in Observation:subject");
  if (target !== undefined && !parameter.targets.includes(target)) throw wrong("The reference does not lead to this type");
  const iterate = modifier === "iterate";
  const reverse = direction === "revinclude";
  if (!iterate && (reverse ? !parameter.targets.includes(type) || (target !== undefined && target !== type) : source !== type))
    throw wrong("It has nothing to do with what is searched for; :iterate includes from what was included");
  if (request.inclusions.length === searchLimits.maxInclusions)
    throw wrong(`A search may have at most ${searchLimits.maxInclusions} of them`);
  const targets = target === undefined ? parameter.targets.filter((each) => types.has(each)) : [target];
  request.inclusions.push({ direction: reverse ? "revinclude" : "include", type: source, parameter: code, targets, iterate });
}

/** @returns undefined for a parameter that the type does not have */
function parseCondition(searched: Searched, name: string, value: string, depth: number): Condition | undefined {
  if (depth > searchLimits.maxChain)
    throw fhirError(400, "too-long", `A chain may have at most ${searchLimits.maxChain} links`, { expression: name.slice(0, 100) });
  if (name.startsWith("_has:")) return parseHas(searched, name, value, depth);
  const chain = /^([\w-]+)(?::([A-Za-z]+))?\.(.+)$/s.exec(name);
  if (chain) return parseChain(searched, { name, code: chain[1] ?? "", target: chain[2], rest: chain[3] ?? "" }, value, depth);
  const { parameters, ownUrl } = searched;
  const [code = "", modifier] = name.split(/:(.*)/s);
  const alternatives = splitEscaped(value, ",");
  if (alternatives.length > searchLimits.maxAlternatives) {
    throw fhirError(400, "too-long", `A parameter may have at most ${searchLimits.maxAlternatives} alternatives`, { expression: code });
  }
  if (code === "_id" || code === "_lastUpdated") {
    if (modifier !== undefined) throw unsupportedModifier(name);
    return code === "_id"
      ? { kind: "id", ids: alternatives.map((each) => parseId(unescaped(each))) }
      : { kind: "lastUpdated", alternatives: alternatives.map((each) => parseDate(code, each)) };
  }
  const parameter = parameters.get(code);
  if (!parameter) return undefined;
  if (modifier === "missing") return parseMissing(parameter, value);
  return parameter.kind === "composite"
    ? parseComposite(parameter, modifier, alternatives, name, ownUrl)
    : parseKnown({ ...parameter, kind: parameter.kind }, modifier, alternatives, name, ownUrl);
}

/**
 * `subject:Patient.name=…`. Without the type it is about each that the reference leads to and that has such a parameter; only in the
 * first link, so that a chain stays a few subqueries. `author.family=…` finds a contained person, too.
 */
function parseChain(
  searched: Searched,
  { name, code, target, rest }: { name: string; code: string; target: string | undefined; rest: string },
  value: string,
  depth: number,
): Condition | undefined {
  const parameter = searched.parameters.get(code);
  if (!parameter) return undefined;
  const wrong = (text: string): FhirError => fhirError(400, "value", text, { expression: name.slice(0, 100) });
  if (parameter.kind !== "reference" || (target !== undefined && !parameter.targets.includes(target)))
    throw wrong("A chain goes along a reference, to a type that it may lead to");
  const first = /^[\w-]+/.exec(rest)?.[0] ?? "";
  const fitting = (target === undefined ? parameter.targets : [target]).filter((type) => {
    const parameters = searched.types.get(type)?.parameters;
    return parameters !== undefined && (first.startsWith("_") || parameters.has(first));
  });
  if (fitting.length === 0) throw wrong("What it leads to has no such parameter");
  if (fitting.length > (depth === 0 ? searchLimits.maxChainTypes : 1)) throw wrong(`Say which type is meant: ${fitting.join(", ")}`);
  const conditions = fitting.flatMap((type): Condition[] => {
    const next = { ...searched, type, parameters: searched.types.get(type)?.parameters ?? new Map() };
    const condition = parseCondition(next, rest, value, depth + 1);
    return condition ? [{ kind: "chain", parameter: code, target: type, condition }] : [];
  });
  const [, part, modifier] = /^(family|given)(?::(exact|contains))?$/.exec(rest) ?? [];
  if (part !== undefined && target === undefined) {
    const contained = { ...parameter, code: `${code}.${part}`, kind: "string" as const };
    conditions.push(parseKnown(contained, modifier, splitEscaped(value, ","), name, searched.ownUrl));
  }
  return conditions.length > 1 ? { kind: "any", conditions } : conditions[0];
}

/** `_has:Observation:patient:code=…` */
function parseHas(searched: Searched, name: string, value: string, depth: number): Condition {
  const [, type = "", code = "", rest = ""] = /^_has:([A-Za-z]+):([\w-]+):(.+)$/s.exec(name) ?? [];
  const parameters = searched.types.get(type)?.parameters;
  const wrong = (): FhirError =>
    fhirError(400, "value", "It must be _has:Type:reference:parameter, the reference leading to what is searched for", {
      expression: name.slice(0, 100),
    });
  if (!parameters?.get(code)?.targets.includes(searched.type)) throw wrong();
  const condition = parseCondition({ ...searched, type, parameters }, rest, value, depth + 1);
  if (!condition) throw wrong();
  return { kind: "has", type, parameter: code, condition };
}

/** Every type besides the searched one that conditions look into. */
export function lookedInto(conditions: readonly Condition[]): string[] {
  return conditions.flatMap((condition) => {
    if (condition.kind === "any") return lookedInto(condition.conditions);
    return condition.kind === "chain" || condition.kind === "has"
      ? [condition.kind === "chain" ? condition.target : condition.type, ...lookedInto([condition.condition])]
      : [];
  });
}

/** `code-value-quantity=http://loinc.org|8480-6$gt140`: http://hl7.org/fhir/R4/search.html#composite */
function parseComposite(
  { code, components }: IndexedParameter,
  modifier: string | undefined,
  alternatives: string[],
  name: string,
  ownUrl: string,
): Condition {
  if (modifier !== undefined) throw unsupportedModifier(name);
  const parsed = alternatives.map((alternative) => {
    const parts = splitEscaped(alternative, "$");
    if (parts.length !== components.length || parts.includes("")) {
      throw fhirError(400, "value", `It takes ${components.length} values with a dollar sign between them`, { expression: code });
    }
    return components.map((component, place) => parseKnown(component, undefined, [parts[place] ?? ""], name, ownUrl));
  });
  return { kind: "composite", parameter: code, alternatives: parsed };
}

function parseKnown(
  parameter: ComponentParameter,
  modifier: string | undefined,
  alternatives: string[],
  name: string,
  ownUrl: string,
): ValueCondition {
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
  if (kind === "uri" && (modifier === undefined || modifier === "below" || modifier === "above")) {
    const uris = alternatives.map(unescaped).flatMap((uri) => (modifier === "above" ? [uri, ...uriParents(uri)] : [uri]));
    const tests = uris.map((uri) => ({ system: "", code: uri, ...(modifier === "below" ? { below: true } : {}) }));
    return { kind: "token", parameter: code, negated: false, alternatives: tests };
  }
  if ((kind === "number" || kind === "quantity") && modifier === undefined) {
    return { kind: "quantity", parameter: code, alternatives: alternatives.map((each) => parseQuantity(parameter, each)) };
  }
  if (kind === "reference" && modifier === "identifier") {
    const tokens = alternatives.map((each) => parseToken(code, each));
    return { kind: "token", parameter: `${code}:identifier`, negated: false, alternatives: tokens };
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
  // Where the first part of a composite is kept, all of them are.
  const kept = parameter.components[0] ?? parameter;
  return {
    kind: "missing",
    parameter: kept.code,
    table: kept.kind === "composite" ? "token" : tableOf[kept.kind],
    missing: value === "true",
  };
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

function parseToken(parameter: string, text: string): TokenTest {
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

/** `http://a/b/c` is within `http://a/b` and `http://a`. */
function uriParents(uri: string): string[] {
  const parts = uri.split("/", maxUriDepth);
  return parts.flatMap((_part, place) => {
    const parent = parts.slice(0, place).join("/");
    return /[^/:]\/?$/.test(parent) ? [parent] : [];
  });
}

const maxUriDepth = 30;

/** A tenth of the time between the date and now, on both sides, as FHIR recommends: http://hl7.org/fhir/R4/search.html#prefix */
function widened({ low, high }: DateRange): DateRange {
  const [lowMs, highMs, nowMs] = [Date.parse(low), Date.parse(high), Date.now()];
  const marginMs = Math.max(0, lowMs - nowMs, nowMs - highMs) / 10;
  const [firstMs, lastMs] = [Date.parse(allTime.low), Date.parse(allTime.high)];
  const instant = (ms: number): string => new Date(Math.min(lastMs, Math.max(firstMs, ms))).toISOString();
  return { low: instant(lowMs - marginMs), high: instant(highMs + marginMs) };
}

function parseDate(parameter: string, text: string): { prefix: DatePrefix } & DateRange {
  const match = /^(eq|ne|gt|lt|ge|le|sa|eb|ap)?(\d.*)$/s.exec(unescaped(text).replace(" ", "+"));
  const range = match?.[2] === undefined ? undefined : dateRange(match[2]);
  if (!match || !range) {
    throw fhirError(400, "value", "Not a FHIR date, or its prefix is not supported", { expression: parameter });
  }
  const prefix = (match[1] ?? "eq") as DatePrefix;
  return { prefix, ...(prefix === "ap" ? widened(range) : range) };
}

/** http://hl7.org/fhir/R4/search.html#quantity: `[prefix]number`, for a quantity with `|system|code` or `||code` behind it. */
function parseQuantity({ code: parameter, kind }: ComponentParameter, text: string): QuantityTest {
  const [number = "", ...unit] = splitEscaped(text, "|").map(unescaped);
  const match = /^(eq|ne|gt|lt|ge|le|sa|eb|ap)?([+-]?\d{1,20}(?:\.(\d{1,20}))?(?:[eE]([+-]?\d{1,2}))?)$/.exec(number);
  const [, prefix = "eq", value, fraction = "", exponent = "0"] = match ?? [];
  if (value === undefined || (unit.length !== 0 && (kind === "number" || unit.length !== 2))) {
    const form = kind === "number" ? "a number" : "a number, number|system|code or number||code";
    throw fhirError(400, "value", `Not ${form}, or its prefix is not supported`, { expression: parameter });
  }
  const [system, code] = unit;
  return {
    ...{ prefix: prefix as DatePrefix, value, half: `5e${Number(exponent) - fraction.length - 1}` },
    ...(system ? { system } : {}),
    ...(code ? { code } : {}),
  };
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

/** @param isText of a search that is sorted by texts @throws FhirError 400 */
export function decodeCursor(text: string, isText = false): Cursor {
  try {
    const [key, value] = JSON.parse(Buffer.from(text, "base64url").toString("utf8")) as unknown[];
    const goodValue =
      value === undefined ||
      (isText && typeof value === "string" && value.length <= 1000 && !value.includes("\u0000")) ||
      (!isText && typeof value === "string" && (value === "infinity" || value === "-infinity" || dateRange(value) !== undefined));
    if (typeof key === "string" && /^\d{1,18}$/.test(key) && goodValue) {
      return { key, ...(typeof value === "string" ? { value } : {}) };
    }
  } catch {
    // Falls through to the refusal: a cursor is the server's own, or it is wrong.
  }
  throw fhirError(400, "value", "The _cursor is not one of this server's", { expression: "_cursor" });
}
