/** Any JSON value. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A JSON object. */
export type JsonObject = { [key: string]: Json };

/** A place inside a JSON value, from the root: object keys and array positions. */
export type Path = readonly (string | number)[];

/** True for a JSON object, false for arrays and null. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value at a path, or undefined where the path leads nowhere. */
export function valueAt(root: Json | undefined, path: Path): Json | undefined {
  let value: Json | undefined = root;
  for (const step of path) {
    if (Array.isArray(value) && typeof step === "number") value = value[step];
    else if (isObject(value)) value = Object.hasOwn(value, String(step)) ? value[String(step)] : undefined;
    else return undefined;
  }
  return value;
}

/** The object at a path, or an empty one. */
export function objectAt(root: Json | undefined, ...path: Path): JsonObject {
  const value = valueAt(root, path);
  return isObject(value) ? value : {};
}

/** The string at a path, or undefined. */
export function stringAt(root: Json | undefined, ...path: Path): string | undefined {
  const value = valueAt(root, path);
  return typeof value === "string" ? value : undefined;
}

/** The number at a path, or undefined. */
export function numberAt(root: Json | undefined, ...path: Path): number | undefined {
  const value = valueAt(root, path);
  return typeof value === "number" ? value : undefined;
}

/** The list at a path, or an empty one. */
export function listAt(root: Json | undefined, ...path: Path): Json[] {
  const value = valueAt(root, path);
  return Array.isArray(value) ? value : [];
}

/** Deep equality of JSON values; the order of keys does not matter. */
export function sameJson(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, index) => sameJson(item, b[index]));
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && sameJson(a[key], b[key]));
}

/** A copy without object members that are null: to the API server they mean the same as absent. */
export function withoutNulls(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  const result: JsonObject = {};
  for (const [key, member] of Object.entries(value)) if (member !== null) result[key] = withoutNulls(member);
  return result;
}

/** Parses JSON text; undefined when it is not JSON. */
export function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
