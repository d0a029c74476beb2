import { isExactNumber, type ParsedResource } from "../../lib/fhir/exact-json.ts";
import type { AnyResource } from "../../lib/fhir/validate.ts";

/**
 * Puts other texts in the place of those that are known, wherever one is the whole value; the resource itself stays as it is. The
 * url of an attachment becomes a full one, by which IHE MHD has documents retrieved; a reference to this server a relative one.
 */
export function replaceReferences(content: ParsedResource, known: ReadonlyMap<string, string>, publicUrl: string): ParsedResource {
  const replace = replacing(known, publicUrl);
  const plain = replaced(content.plain, replace, "") as AnyResource;
  return { plain, exact: content.exact === content.plain ? plain : (replaced(content.exact, replace, "") as AnyResource) };
}

/** As `replaceReferences`, for the values of a JSON Patch: what one is put into is what its path ends with. */
export function replaceInPatch(patch: object, known: ReadonlyMap<string, string>, publicUrl: string): object {
  if (!Array.isArray(patch)) return patch;
  const replace = replacing(known, publicUrl);
  return (patch as unknown[]).map((operation) => {
    const { path, value } = (operation ?? {}) as { path?: unknown; value?: unknown };
    const element = typeof path === "string" ? path.slice(path.lastIndexOf("/") + 1) : "";
    return value === undefined ? operation : { ...(operation as object), value: replaced(value, replace, element) };
  });
}

function replacing(known: ReadonlyMap<string, string>, publicUrl: string): (text: string, element: string) => string {
  return (text, element) => {
    const own = text.startsWith(`${publicUrl}/`) ? text.slice(publicUrl.length + 1) : text;
    const found = known.get(text) ?? known.get(own);
    if (element === "url") return found === undefined ? text : `${publicUrl}/${found}`;
    return element === "reference" ? (found ?? own) : (known.get(text) ?? text);
  };
}

function replaced(value: unknown, replace: (text: string, element: string) => string, element: string): unknown {
  if (typeof value === "string") return replace(value, element);
  if (Array.isArray(value)) return value.map((each) => replaced(each, replace, element));
  // A number kept as it was written is an object without elements of its own.
  if (typeof value !== "object" || value === null || isExactNumber(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, replaced(each, replace, name)]));
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
