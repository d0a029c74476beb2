import { type Content, type Html, html } from "../../layout/html.ts";

/** A table that scrolls by itself where it is too wide, and is reached by keyboard. */
export function table(name: string, heads: readonly string[], rows: readonly Content[]): Html {
  return html`<div class="table-frame" tabindex="0" role="region" aria-label="${name}"><table><thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead><tbody>${rows}</tbody></table></div>`;
}
