import { isObject, type Json, type Path, sameJson } from "../json.ts";

/** One place where two objects differ. */
export interface Change {
  path: Path;
  kind: "add" | "delete" | "update";
}

/** Every place where `after` differs from `before`. A member that is null counts as absent. */
export function changesBetween(before: Json | undefined, after: Json | undefined, path: Path = []): Change[] {
  const [from, to] = [before ?? undefined, after ?? undefined];
  if (sameJson(from, to)) return [];
  if (from === undefined) return isEmpty(to) ? [] : [{ path, kind: "add" }];
  if (to === undefined) return isEmpty(from) ? [] : [{ path, kind: "delete" }];
  if (Array.isArray(from) && Array.isArray(to)) {
    const length = Math.max(from.length, to.length);
    return Array.from({ length }, (_, index) => changesBetween(from[index], to[index], [...path, index])).flat();
  }
  if (isObject(from) && isObject(to)) {
    const keys = new Set([...Object.keys(from), ...Object.keys(to)]);
    return [...keys].flatMap((key) => changesBetween(from[key], to[key], [...path, key]));
  }
  return [{ path, kind: "update" }];
}

/** True for what has no effect when applied beside nothing: an object of absent members. */
function isEmpty(value: Json | undefined): boolean {
  return isObject(value) && Object.keys(value).length > 0 && Object.values(value).every((member) => member === null || isEmpty(member));
}
