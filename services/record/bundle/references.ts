import type { ParsedResource } from "../../lib/fhir/exact-json.ts";
import type { AnyResource } from "../../lib/fhir/validate.ts";

/**
 * Puts other texts in the place of those that are known, wherever one is the whole value; the resource itself stays as it is. The
 * url of an attachment becomes a full one, by which IHE MHD has documents retrieved; a reference to this server a relative one.
 */
export function replaceReferences(content: ParsedResource, known: ReadonlyMap<string, string>, publicUrl: string): ParsedResource {
  const replace = (text: string, element: string): string => {
    const own = text.startsWith(`${publicUrl}/`) ? text.slice(publicUrl.length + 1) : text;
    const found = known.get(text) ?? known.get(own);
    if (element === "url") return found === undefined ? text : `${publicUrl}/${found}`;
    return element === "reference" ? (found ?? own) : (known.get(text) ?? text);
  };
  const plain = replaced(content.plain, replace, "") as AnyResource;
  return { plain, exact: content.exact === content.plain ? plain : (replaced(content.exact, replace, "") as AnyResource) };
}

function replaced(value: unknown, replace: (text: string, element: string) => string, element: string): unknown {
  if (typeof value === "string") return replace(value, element);
  if (Array.isArray(value)) return value.map((each) => replaced(each, replace, element));
  // A number kept as it was written is an object without elements of its own.
  if (typeof value !== "object" || value === null || isRawJson(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, replaced(each, replace, name)]));
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
