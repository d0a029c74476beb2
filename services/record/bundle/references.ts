import { isExactNumber, type ParsedResource } from "../../lib/fhir/exact-json.ts";
import type { AnyResource } from "../../lib/fhir/validate.ts";

/** Puts other texts in the place of those that are known, wherever one is the whole value; the resource itself stays as it is. */
export function replaceReferences(content: ParsedResource, known: ReadonlyMap<string, string>): ParsedResource {
  if (known.size === 0) return content;
  const plain = replaced(content.plain, known) as AnyResource;
  return { plain, exact: content.exact === content.plain ? plain : (replaced(content.exact, known) as AnyResource) };
}

/** As `replaceReferences`, for the values of a JSON Patch. */
export function replaceInPatch(patch: object, known: ReadonlyMap<string, string>): object {
  return known.size === 0 ? patch : (replaced(patch, known) as object);
}

function replaced(value: unknown, known: ReadonlyMap<string, string>): unknown {
  if (typeof value === "string") return known.get(value) ?? value;
  if (Array.isArray(value)) return value.map((each) => replaced(each, known));
  // A number kept as it was written is an object without elements of its own.
  if (typeof value !== "object" || value === null || isExactNumber(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, replaced(each, known)]));
}

/** References that name what they mean by a search: `Patient?identifier=…`, in resources and in patches. Each once. */
export function conditionalReferences(contents: readonly object[]): string[] {
  const found = new Set<string>();
  const look = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    // A patch may set the text of a reference alone.
    const { path, value: given } = value as { path?: unknown; value?: unknown };
    const { reference = typeof path === "string" && path.endsWith("/reference") ? given : undefined } = value as { reference?: unknown };
    if (typeof reference === "string" && /^[A-Z][A-Za-z]+\?/.test(reference)) found.add(reference);
    for (const each of Object.values(value)) look(each);
  };
  for (const content of contents) look(content);
  return [...found];
}
