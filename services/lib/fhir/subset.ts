import { tryGetDataType } from "@medplum/core";
import { fhirError } from "../operation-outcome.ts";
import type { Definitions, ElementFlags } from "./definitions.ts";
import { isExactNumber, parseExactly } from "./exact-json.ts";
import type { AnyResource } from "./validate.ts";

/** The part of a resource that a request wants: http://hl7.org/fhir/R4/search.html#summary and #elements. */
export type Subset = { kind: "summary" | "text" | "data" } | { kind: "elements"; names: ReadonlySet<string> };

type Elements = ReadonlyMap<string, ElementFlags>;

const kinds = new Map([
  ["true", "summary"],
  ["text", "text"],
  ["data", "data"],
] as const);

/**
 * Reads `_summary` and `_elements`; undefined when all of the resource is wanted, and for `_summary=count`, which wants none.
 * @param options.elements those of the type; undefined where resources of several types are asked for
 * @param options.countable whether what is asked for can be counted: only a search can
 * @throws FhirError 400, and under `strict` handling for elements that the type does not have
 */
export function parseSubset(
  query: URLSearchParams,
  options: { elements: Elements | undefined; strict: boolean; countable: boolean },
): Subset | undefined {
  const summary = query.get("_summary") ?? "false";
  const wanted = query.getAll("_elements").flatMap((list) => list.split(","));
  const kind = kinds.get(summary as "true");
  const counts = options.countable && summary === "count";
  if (kind === undefined && summary !== "false" && !counts) {
    const modes = options.countable ? "true, text, data, count or false" : "true, text, data or false";
    throw fhirError(400, "value", `_summary must be ${modes}`, { expression: "_summary" });
  }
  const asked = wanted.map((name) => name.trim()).filter((name) => name !== "");
  if (asked.length === 0 || counts) {
    return kind && { kind };
  }
  if (kind !== undefined) {
    throw fhirError(400, "value", "Ask for _summary or for _elements, not for both", { expression: "_elements" });
  }
  const { elements } = options;
  const names = asked.map((name) => (elements ? elementOf(elements, "", name)?.path : name));
  if (options.strict && names.includes(undefined)) {
    throw fhirError(400, "not-supported", "_elements takes the names of the resource's own elements, as in _elements=identifier,name", {
      expression: "_elements",
    });
  }
  return { kind: "elements", names: new Set(names.filter((name) => name !== undefined)) };
}

/**
 * Reduces a resource. What it must have stays, so that it is still a resource of its type; with `_elements` also what changes the meaning of the
 * rest (a status, "entered in error"). It is tagged as incomplete, lest it be sent back as the whole. Numbers stay as they were written.
 * @param content the FHIR JSON as it is kept, beginning with resourceType, id and meta
 */
export function applySubset(definitions: Definitions, content: string, subset: Subset): string {
  const { resourceType, id, meta, ...rest } = parseExactly(content) as AnyResource;
  const elements = definitions.elements(resourceType);
  const kept = Object.entries(rest).flatMap(([name, value]) => {
    const element = elementOf(elements, "", name);
    const reduced = subset.kind === "summary" && element ? summarised(elements, element, value) : value;
    return isWanted(subset, name, element) && reduced !== undefined ? [[name, reduced] as const] : [];
  });
  return JSON.stringify({ resourceType, id, meta: tagged(meta), ...Object.fromEntries(kept) });
}

interface Element {
  path: string;
  /** Of what is there: of a choice, the one that was chosen. */
  type: string;
  flags: ElementFlags;
}

/** The element that a JSON property holds: `_birthDate` is a part of `birthDate`, `valueQuantity` a choice of `value`. */
function elementOf(elements: Elements, parent: string, property: string): Element | undefined {
  const name = property.replace(/^_/, "").replace(/\[x\]$/, "");
  // Names with a dot are paths, which this is none of.
  const exact = name.includes(".") ? undefined : elements.get(parent + name);
  if (exact) {
    return { path: parent + name, type: exact.types[0] ?? "", flags: exact };
  }
  for (const { index } of name.matchAll(/[A-Z]/g)) {
    const path = parent + name.slice(0, index);
    const flags = elements.get(path);
    const type = flags?.types.find((each) => each.charAt(0).toUpperCase() + each.slice(1) === name.slice(index));
    if (flags && type !== undefined) return { path, type, flags };
  }
  return undefined;
}

function isWanted(subset: Subset, name: string, element: Element | undefined): boolean {
  const { isSummary, isMandatory, isModifier } = element?.flags ?? { isSummary: false, isMandatory: false, isModifier: false };
  switch (subset.kind) {
    case "data":
      return name !== "text";
    case "text":
      return name === "text" || isMandatory;
    case "summary":
      return isSummary || isMandatory || isModifier;
    case "elements":
      return isMandatory || isModifier || (element !== undefined && subset.names.has(element.path));
  }
}

/** Of no resource's summary, and yet not to be missed where they are: an extension may say why a value is absent. */
const always = new Set(["id", "extension", "modifierExtension"]);

/** What a summary shows of a value; undefined when that is nothing. */
function summarised(elements: Elements, { path, type }: Pick<Element, "path" | "type">, value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map((each) => summarised(elements, { path, type }, each)).filter((each) => each !== undefined);
    return items.length > 0 ? items : undefined;
  }
  if (typeof value !== "object" || value === null || isExactNumber(value)) {
    return value;
  }
  const left = leftOut(type);
  const entries = Object.entries(value).flatMap(([name, each]) => {
    if (type !== "BackboneElement") return left.has(name) ? [] : [[name, each] as const];
    const child = elementOf(elements, `${path}.`, name);
    const isKept = always.has(name) || child?.flags.isSummary || child?.flags.isMandatory || child?.flags.isModifier;
    const reduced = child && !always.has(name) ? summarised(elements, child, each) : each;
    return isKept && reduced !== undefined ? [[name, reduced] as const] : [];
  });
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}

/** What a data type's own definition leaves out of summaries: the bytes of an Attachment, a Signature, a SampledData. */
function leftOut(type: string): ReadonlySet<string> {
  const { elements = {}, summaryProperties } = tryGetDataType(type) ?? {};
  const names = summaryProperties?.size ? Object.keys(elements) : [];
  return new Set(names.filter((name) => !name.endsWith("[x]") && !always.has(name) && !summaryProperties?.has(name)));
}

const subsetted = { system: "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", code: "SUBSETTED" };

/** Meta of a resource of which a part is left out. */
export function tagged(meta: unknown): object {
  const { tag, ...rest } = untagged(meta);
  return { ...rest, tag: [...(tag ?? []), subsetted] };
}

/** Meta of the whole again. */
export function untagged(meta: unknown): { tag?: unknown[] } {
  const { tag, ...rest } = (typeof meta === "object" && meta !== null ? meta : {}) as { tag?: unknown };
  const others = (Array.isArray(tag) ? tag : []).filter((each: { system?: string; code?: string } | null) => {
    return each?.system !== subsetted.system || each.code !== subsetted.code;
  });
  return others.length > 0 ? { ...rest, tag: others } : rest;
}
