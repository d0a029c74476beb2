import { splitReference } from "../../lib/fhir/search-index.ts";
import type { AnyResource } from "../../lib/fhir/validate.ts";

/** The index parameter by which what is made of other parts of a record is held to what its reader sees of them. */
export const partParameter = "_part";

/** Where what is made of other parts of a record refers to them: as the names of elements, `*` where one may be within another, and as a JSON path. */
const compilations: ReadonlyMap<string, { elements: readonly string[]; jsonPath: string }> = new Map([
  ["DiagnosticReport", { elements: ["result"], jsonPath: "$.result[*].reference" }],
  ["Composition", { elements: ["section*", "entry"], jsonPath: "$.section.**.entry[*].reference" }],
  ["List", { elements: ["entry", "item"], jsonPath: "$.entry[*].item.reference" }],
  ["Observation", { elements: ["hasMember"], jsonPath: "$.hasMember[*].reference" }],
  ["Provenance", { elements: ["target"], jsonPath: "$.target[*].reference" }],
]);

/** Where in the text of a type's resources such references are; undefined for a type that is made of nothing else. */
export function partsPath(type: string): string | undefined {
  return compilations.get(type)?.jsonPath;
}

/** What a resource is made of, each once: types and ids. */
export function partsOf(resource: AnyResource, ownUrl: string): { system: string; code: string }[] {
  const { elements = [] } = compilations.get(resource.resourceType) ?? {};
  const found = elements.length === 0 ? [] : elements.reduce<unknown[]>(step, [resource]);
  const references = found.map((value) => (value as { reference?: unknown } | null)?.reference);
  const named = references.filter((reference) => typeof reference === "string").map((reference) => splitReference(reference, ownUrl));
  const distinct = new Map(named.map((part) => [`${part.system}/${part.code}`, part]));
  return [...distinct.values()].filter(({ system }) => system !== "");
}

function step(values: unknown[], element: string): unknown[] {
  const name = element.replace("*", "");
  const within = values.flatMap((value) => (value as Record<string, unknown> | null)?.[name] ?? []);
  return element === name || within.length === 0 ? within : [...within, ...step(within, element)];
}
