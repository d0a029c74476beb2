/** Forms of an HTML page, as far as a browser without scripts needs them. */
export interface Form {
  /** Where it is sent, as the page says it: may be relative; empty: to the page itself. */
  action: string;
  method: "get" | "post";
  /** Names and values of its inputs, those that a person fills in too. */
  fields: Readonly<Record<string, string>>;
}

const entities: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function decode(text: string): string {
  return text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|([a-z]+));/gi, (whole, decimal?: string, hexadecimal?: string, name?: string) => {
    if (name !== undefined) return entities[name.toLowerCase()] ?? whole;
    return String.fromCodePoint(decimal === undefined ? Number.parseInt(hexadecimal ?? "", 16) : Number(decimal));
  });
}

/** Attributes of a tag, by their names in lower case; one without a value has an empty one. */
function attributesOf(text: string): Map<string, string> {
  const found = text.matchAll(/([^\s"'=<>/]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/g);
  return new Map([...found].map(([, name = "", double, single, bare]) => [name.toLowerCase(), decode(double ?? single ?? bare ?? "")]));
}

/** An attribute's value may hold a `>`. */
const inTag = `((?:"[^"]*"|'[^']*'|[^>"'])*)`;

function fieldsOf(body: string): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const [, text = ""] of body.matchAll(new RegExp(`<input\\b${inTag}>`, "gi"))) {
    const attributes = attributesOf(text);
    const name = attributes.get("name");
    const type = attributes.get("type")?.toLowerCase() ?? "text";
    if (name === undefined || attributes.has("disabled") || /^(submit|button|image|reset|file)$/.test(type)) continue;
    if ((type === "radio" || type === "checkbox") && !attributes.has("checked")) continue;
    fields[name] = attributes.get("value") ?? "";
  }
  return fields;
}

export function formsOf(page: string): Form[] {
  return [...page.matchAll(new RegExp(`<form\\b${inTag}>([\\s\\S]*?)</form>`, "gi"))].map(([, text = "", body = ""]) => {
    const attributes = attributesOf(text);
    return {
      action: attributes.get("action") ?? "",
      method: attributes.get("method")?.toLowerCase() === "post" ? "post" : "get",
      fields: fieldsOf(body),
    };
  });
}

/** The first form of the page that asks for all of this, filled in; undefined: there is none. */
export function fillForm(page: string, values: Readonly<Record<string, string>>): Form | undefined {
  const form = formsOf(page).find(({ fields }) => Object.keys(values).every((name) => Object.hasOwn(fields, name)));
  return form === undefined ? undefined : { ...form, fields: { ...form.fields, ...values } };
}
