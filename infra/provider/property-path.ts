import type { Path } from "./json.ts";

/** Writes a path as Pulumi does: `spec.template.spec.containers[0].image`, `metadata.labels["app.kubernetes.io/name"]`. */
export function formatPath(path: Path): string {
  let text = "";
  for (const step of path) {
    if (typeof step === "number") text += `[${step}]`;
    else if (/^[A-Za-z_$][\w$-]*$/.test(step)) text += text === "" ? step : `.${step}`;
    else text += `[${JSON.stringify(step)}]`;
  }
  return text;
}

/** Reads a path the way the API server writes one in its errors: `spec.containers[0].image`, `data[key]`, `.spec.selector`. */
export function parseServerPath(text: string): Path {
  const path: (string | number)[] = [];
  for (const match of text.matchAll(/\[([^\]]*)\]|([^.[\]]+)/g)) {
    const inBrackets = match[1];
    if (inBrackets === undefined) path.push(match[2] ?? "");
    else if (/^\d+$/.test(inBrackets)) path.push(Number(inBrackets));
    else path.push(inBrackets.replace(/^"|"$/g, ""));
  }
  return path;
}

/** True when `path` is `prefix` or lies below it; the prefix may hold "*" for any one step. */
export function startsWith(path: Path, prefix: Path): boolean {
  return prefix.length <= path.length && prefix.every((step, index) => step === "*" || step === path[index]);
}
