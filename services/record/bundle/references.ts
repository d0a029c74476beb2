import type { ParsedResource } from "../../lib/fhir/exact-json.ts";
import type { AnyResource } from "../../lib/fhir/validate.ts";

/** Puts other texts in the place of those that are known, wherever one is the whole value; the resource itself stays as it is. */
export function replaceReferences(content: ParsedResource, known: ReadonlyMap<string, string>): ParsedResource {
  if (known.size === 0) return content;
  const plain = replaced(content.plain, known) as AnyResource;
  return { plain, exact: content.exact === content.plain ? plain : (replaced(content.exact, known) as AnyResource) };
}

function replaced(value: unknown, known: ReadonlyMap<string, string>): unknown {
  if (typeof value === "string") return known.get(value) ?? value;
  if (Array.isArray(value)) return value.map((each) => replaced(each, known));
  // A number kept as it was written is an object without elements of its own.
  if (typeof value !== "object" || value === null || isRawJson(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, replaced(each, known)]));
}

function isRawJson(value: object): boolean {
  return (JSON as unknown as { isRawJSON(value: unknown): boolean }).isRawJSON(value);
}

/** References that name what they mean by a search: `Patient?identifier=…`. Each once. */
export function conditionalReferences(contents: readonly ParsedResource[]): string[] {
  const found = new Set<string>();
  const look = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    const { reference } = value as { reference?: unknown };
    if (typeof reference === "string" && /^[A-Z][A-Za-z]+\?/.test(reference)) found.add(reference);
    for (const each of Object.values(value)) look(each);
  };
  for (const { plain } of contents) look(plain);
  return [...found];
}
