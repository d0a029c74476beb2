import { escapeHtml, Html } from "../../lib/html.ts";

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

const rowPattern = /<tr>([\s\S]*?)<\/tr>/g;
const cellPattern = /<t([hd])>([\s\S]*?)<\/t[hd]>/g;

/** A narrative's tables without the columns in which no row says anything, so that they fit on a phone and on paper. */
export function withoutEmptyColumns(div: string): string {
  return div.replace(/<table>[\s\S]*?<\/table>/g, (table) => {
    const rows = [...table.matchAll(rowPattern)].map(([, row = ""]) => [...row.matchAll(cellPattern)]);
    const [head, ...body] = rows;
    if (!head || body.length === 0 || body.some((cells) => cells.length !== head.length)) return table;
    const kept = head.map((_, place) => body.some((cells) => cells[place]?.[2]?.trim() !== ""));
    return table.replace(rowPattern, (_row, cells: string) => {
      let place = -1;
      return `<tr>${cells.replace(cellPattern, (cell) => (kept[++place] ? cell : ""))}</tr>`;
    });
  });
}
