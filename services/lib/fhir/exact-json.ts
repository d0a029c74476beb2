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
  return { plain, exact: hasInexactNumber(text) ? (parseExactly(text) as object) : plain };
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
