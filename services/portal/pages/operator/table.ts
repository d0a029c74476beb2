import { type Content, type Html, html } from "../../../lib/html.ts";

/**
 * A table that scrolls by itself where it is too wide, and is reached by keyboard.
 * @param figuresFrom the first column of figures, which stand at the right
 */
export function table(name: string, heads: readonly string[], rows: readonly Content[], figuresFrom = heads.length): Html {
  return html`<div class="table-frame" tabindex="0" role="region" aria-label="${name}"><table><thead><tr>${heads.map((head, place) => html`<th scope="col"${place >= figuresFrom ? html` class="figure"` : undefined}>${head}</th>`)}</tr></thead><tbody>${rows}</tbody></table></div>`;
}
