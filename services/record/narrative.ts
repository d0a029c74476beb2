import type { Language } from "../lib/language.ts";

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Text as content of an XHTML element. What XML 1.0 cannot hold, not even escaped, is replaced. */
export function escapeXhtml(text: string): string {
  const storable = text.toWellFormed().replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, "\uFFFD");
  return storable.replace(/[&<>"']/g, (character) => entities[character] ?? "");
}

/** A generated Narrative. @param content XHTML whose texts are escaped */
export function narrative(language: Language, content: string): { status: "generated"; div: string } {
  return {
    status: "generated",
    div: `<div xmlns="http://www.w3.org/1999/xhtml" lang="${language}" xml:lang="${language}">${content}</div>`,
  };
}

export function paragraph(text: string): string {
  return `<p>${escapeXhtml(text)}</p>`;
}

/** A table with a row of headings. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = (name: "th" | "td", cells: readonly string[]): string =>
    `<tr>${cells.map((cell) => `<${name}>${escapeXhtml(cell)}</${name}>`).join("")}</tr>`;
  return `<table><thead>${row("th", headings)}</thead><tbody>${rows.map((cells) => row("td", cells)).join("")}</tbody></table>`;
}
