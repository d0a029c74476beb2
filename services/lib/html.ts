/** HTML that is safe to send: its texts are escaped already. */
export class Html {
  readonly text: string;

  /** Of text that this service wrote itself. What came from anywhere else goes through `html`. */
  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}

/** What may stand in a template: text and numbers are escaped, nothing stands for undefined and false. */
export type Content = Html | string | number | false | undefined | readonly Content[];

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? "");
}

/** A template whose values are escaped. Attribute values stand in double quotes, and none of them is a script or a style. */
export function html(strings: TemplateStringsArray, ...values: Content[]): Html {
  const parts = strings.map((text, place) => text + (place < values.length ? rendered(values[place]) : ""));
  return new Html(parts.join(""));
}

/** An attribute that is there or not: ` checked`. */
export function flag(name: "checked" | "selected" | "required" | "disabled" | "open" | "multiple", present: boolean): Html {
  return new Html(present ? ` ${name}` : "");
}

function rendered(value: Content): string {
  if (value === undefined || value === false) return "";
  if (value instanceof Html) return value.text;
  if (typeof value === "object") return value.map(rendered).join("");
  return escapeHtml(String(value));
}
