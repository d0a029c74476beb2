import { fhirError } from "../operation-outcome.ts";
import type { AnyResource } from "./validate.ts";

/** Deeper nesting than any honest resource has; recursion over the resource stays within the stack. */
export const maxDepth = 64;

export interface ParsedResource {
  /** For validation and indexing. */
  plain: AnyResource;
  /** For storing: as `plain`, with numbers kept as they were written. FHIR decimals carry precision (1.0 is not 1.00). */
  exact: AnyResource;
}

/** Parses a request body. @throws FhirError 400 when it is not a JSON object that names its resource type */
export function parseResource(text: string): ParsedResource {
  const { plain, exact } = parseDocument(text);
  if (Array.isArray(plain)) {
    throw fhirError(400, "structure", "The body must be a JSON object");
  }
  if (typeof (plain as AnyResource).resourceType !== "string") {
    throw fhirError(400, "required", "The body has no resourceType", { expression: "resourceType" });
  }
  return { plain: plain as AnyResource, exact: exact as AnyResource };
}

/** Parses a JSON object or list that came from outside, within the bounds for all of them. @throws FhirError 400 */
export function parseDocument(text: string): { plain: object; exact: object } {
  let plain: unknown;
  try {
    plain = JSON.parse(text);
  } catch {
    throw fhirError(400, "structure", "The body is not valid JSON");
  }
  if (typeof plain !== "object" || plain === null) {
    throw fhirError(400, "structure", "The body must be a JSON object");
  }
  if (depth(plain) > maxDepth) {
    throw fhirError(400, "too-long", `The body is nested more than ${maxDepth} levels deep`);
  }
  if (/\\u/.test(text) && unstorable(plain)) {
    throw fhirError(400, "value", "The body holds a NUL character or half a surrogate pair");
  }
  if (namesIn(text) > namesOf(plain)) {
    throw fhirError(400, "structure", "The body names an element of one object twice");
  }
  return { plain, exact: hasInexactNumber(text) ? (JSON.parse(text, keepBoundedSource) as object) : plain };
}

/** How many names of elements valid JSON has: strings before a colon. One that is there twice has two, and what is made of it has one. */
function namesIn(text: string): number {
  let names = 0;
  for (let start = text.indexOf('"'); start >= 0; ) {
    let end = text.indexOf('"', start + 1);
    while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
    let next = end + 1;
    while (" \t\n\r".includes(text.charAt(next)) && next < text.length) next++;
    if (text.charAt(next) === ":") names++;
    start = text.indexOf('"', next);
  }
  return names;
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (text.charAt(at - 1 - backslashes) === "\\") backslashes++;
  return backslashes % 2 === 1;
}

/**
 * How many names an object of no more than `maxDepth` levels has. What every JavaScript object has by itself is no element of FHIR's; a
 * validator may take one for known.
 * @throws FhirError 400
 */
function namesOf(value: object): number {
  const odd = Array.isArray(value) ? undefined : Object.keys(value).find((name) => name in Object.prototype);
  if (odd !== undefined) {
    throw fhirError(400, "structure", `There is no element "${odd}"`);
  }
  const within = Object.values(value).reduce<number>(
    (sum, child) => sum + (typeof child === "object" && child !== null ? namesOf(child) : 0),
    0,
  );
  return within + (Array.isArray(value) ? 0 : Object.keys(value).length);
}

/** Whether a value is a number kept as it was written: an object to JavaScript, and a leaf of the JSON. */
export function isExactNumber(value: unknown): value is { readonly rawJSON: string } {
  return (JSON as unknown as { isRawJSON(value: unknown): boolean }).isRawJSON(value);
}

/** JSON whose numbers are written again as they were. @throws SyntaxError */
export function parseExactly(text: string): unknown {
  return JSON.parse(text, keepSource);
}

/** FHIR allows neither character in a string, and PostgreSQL holds neither. JSON.stringify escapes just these. */
function unstorable(plain: object): boolean {
  return /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/.test(JSON.stringify(plain));
}

/** Whether some number may be written otherwise than JavaScript would: a final zero after the point, an exponent, many digits. */
function hasInexactNumber(text: string): boolean {
  return /[:[,]\s*-?(?:\d+\.\d*0|\d+(?:\.\d+)?[eE]|\d[\d.]{15})/.test(text);
}

function keepSource(_key: string, value: unknown, context?: { source: string }): unknown {
  const { rawJSON } = JSON as unknown as { rawJSON(source: string): unknown };
  return typeof value === "number" && context && String(value) !== context.source ? rawJSON(context.source) : value;
}

/** FHIR's decimals have 18 digits or so; JavaScript's numbers and PostgreSQL's end somewhere. */
const numberMaxLength = 100;

function keepBoundedSource(key: string, value: unknown, context?: { source: string }): unknown {
  if (typeof value === "number" && context) {
    const isLost = value === 0 && /^[^eE]*[1-9]/.test(context.source);
    if (!Number.isFinite(value) || isLost || context.source.length > numberMaxLength) {
      throw fhirError(400, "value", "The body holds a number that is too large, too small or too long");
    }
  }
  return keepSource(key, value, context);
}

/** Nesting depth, counted without recursion. */
function depth(value: object): number {
  let levels = 0;
  let level: object[] = [value];
  while (level.length > 0 && levels <= maxDepth) {
    levels++;
    level = level.flatMap((each) => Object.values(each).filter((child): child is object => typeof child === "object" && child !== null));
  }
  return levels;
}
