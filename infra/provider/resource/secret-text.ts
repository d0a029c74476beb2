import { isObject, type Json, type Path, valueAt } from "../json.ts";

/** Shorter texts are too likely to be ordinary words to be hidden wherever they occur. */
const shortestHidden = 4;

/** Every text below the given places, and its base64 form: what no message may show. */
export function secretTexts(root: Json, paths: readonly Path[]): string[] {
  const texts = new Set<string>();
  for (const path of paths) collect(valueAt(root, path), texts);
  for (const text of [...texts]) {
    texts.add(Buffer.from(text, "utf8").toString("base64"));
    for (const line of text.split("\n")) if (line.trim().length >= 2 * shortestHidden) texts.add(line.trim());
    const decoded = Buffer.from(text, "base64");
    if (decoded.toString("base64") === text) texts.add(decoded.toString("utf8"));
  }
  return [...texts].filter((text) => text.length >= shortestHidden).sort((a, b) => b.length - a.length);
}

function collect(value: Json | undefined, texts: Set<string>): void {
  if (typeof value === "string") texts.add(value);
  else if (typeof value === "number") texts.add(String(value));
  else if (Array.isArray(value)) for (const item of value) collect(item, texts);
  else if (isObject(value)) for (const member of Object.values(value)) collect(member, texts);
}

/** A message with every secret text replaced, in its plain and in its quoted form. */
export function withoutSecrets(message: string, secrets: readonly string[]): string {
  let result = message;
  for (const secret of secrets) {
    result = result.replaceAll(secret, "[secret]");
    const quoted = JSON.stringify(secret).slice(1, -1);
    if (quoted !== secret) result = result.replaceAll(quoted, "[secret]");
  }
  return result;
}

/** Places in an object that are secret whatever the program says: the contents of a v1 Secret and copies of them. */
export function alwaysSecretPaths(object: Json): Path[] {
  if (!isObject(object) || object.kind !== "Secret" || object.apiVersion !== "v1") return [];
  return [["data"], ["stringData"], ["metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration"]];
}

/** A secret is looked for inside longer texts only from this length on. */
const shortestContained = 8;

/** Places in `object` whose text contains one of the secret texts: what a template made of them. */
export function pathsContaining(object: Json, secrets: readonly string[]): Path[] {
  const contained = secrets.filter((secret) => secret.length >= shortestContained);
  return findTexts(object, (text) => secrets.includes(text) || contained.some((secret) => text.includes(secret)));
}

/** Places in `object` whose text equals one of the secret texts: a list may have moved its items, or the server copied a value. */
export function pathsOfTexts(object: Json, secrets: ReadonlySet<string>): Path[] {
  return secrets.size === 0 ? [] : findTexts(object, (text) => secrets.has(text));
}

function findTexts(root: Json, isWanted: (text: string) => boolean): Path[] {
  const found: Path[] = [];
  const walk = (value: Json, path: Path): void => {
    if (typeof value === "string" && isWanted(value)) found.push(path);
    else if (Array.isArray(value)) value.forEach((item, index) => void walk(item, [...path, index]));
    else if (isObject(value)) for (const [key, member] of Object.entries(value)) walk(member, [...path, key]);
  };
  walk(root, []);
  return found;
}
