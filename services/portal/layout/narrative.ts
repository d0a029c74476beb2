import { escapeHtml, Html } from "./html.ts";

/** What a narrative may be made of: structure, no attributes, nothing that acts. */
const elements = new Set([
  "p",
  "br",
  "ul",
  "ol",
  "li",
  "table",
  "thead",
  "tbody",
  "tr",
  "th",
  "td",
  "b",
  "strong",
  "i",
  "em",
  "span",
  "div",
]);
const empty = new Set(["br"]);
const tagPattern = /<(\/?)([a-z]+)(?:\s[^<>]*)?(\/?)>/g;
const entities: Readonly<Record<string, string>> = {
  "&amp;": "&",
  "&lt;": "<",
  "&gt;": ">",
  "&quot;": '"',
  "&#39;": "'",
  "&apos;": "'",
  "&#160;": "\u00a0",
};

/**
 * A FHIR narrative (XHTML) made anew from its known elements; attributes and everything else are left out or shown as text. What comes out
 * is well-formed whatever came in.
 */
export function narrativeHtml(div: string): Html {
  const open: string[] = [];
  let out = "";
  let at = 0;
  const text = (piece: string): void => {
    out += escapeHtml(piece.replace(/&(?:amp|lt|gt|quot|apos|#39|#160);/g, (entity) => entities[entity] ?? entity));
  };
  for (const match of div.matchAll(tagPattern)) {
    const [whole, closing, name = "", selfClosing] = match;
    text(div.slice(at, match.index));
    at = match.index + whole.length;
    if (!elements.has(name)) text(whole);
    else if (empty.has(name)) out += `<${name}>`;
    else if (closing) out += closed(open, name);
    else {
      out += `<${name}>`;
      if (selfClosing) out += `</${name}>`;
      else open.push(name);
    }
  }
  text(div.slice(at));
  while (open.length > 0) out += closed(open, open.at(-1));
  return new Html(out);
}

/** Ends elements up to the innermost of this name; none where there is none open. */
function closed(open: string[], name = ""): string {
  const place = open.lastIndexOf(name);
  if (place < 0) return "";
  return open
    .splice(place)
    .reverse()
    .map((each) => `</${each}>`)
    .join("");
}
