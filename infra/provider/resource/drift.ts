import { isObject, type Json, type JsonObject, objectAt, type Path, sameJson } from "../json.ts";

/**
 * What of the inputs the live object no longer has. `applied` is what the server would make of the inputs now, `live` is what there is;
 * where the two agree the input is kept in its own spelling, where they differ the live value takes its place (or the input is dropped).
 * Only fields that the inputs name are looked at.
 */
export function driftedInputs(inputs: JsonObject, applied: JsonObject, live: JsonObject): JsonObject {
  const result = (driftedValue(inputs, applied, live, []) ?? {}) as JsonObject;
  if (inputs.kind === "Secret" && isObject(inputs.stringData)) {
    result.stringData = driftedStringData(inputs.stringData, objectAt(applied, "data"), objectAt(live, "data"));
  }
  return result;
}

/** The server keeps a Secret's stringData as base64 under data. */
function driftedStringData(stringData: JsonObject, applied: JsonObject, live: JsonObject): JsonObject {
  const result: JsonObject = {};
  for (const [key, value] of Object.entries(stringData)) {
    const current = live[key];
    if (current === applied[key]) result[key] = value;
    else if (typeof current === "string") result[key] = Buffer.from(current, "base64").toString("utf8");
  }
  return result;
}

function driftedValue(input: Json, applied: Json | undefined, live: Json | undefined, path: Path): Json | undefined {
  if (sameJson(applied, live)) return input;
  if (live === undefined || live === null) return undefined;
  if (isObject(input) && isObject(applied) && isObject(live)) {
    const result: JsonObject = {};
    for (const [key, member] of Object.entries(input)) {
      const value = isBookkeeping([...path, key]) ? member : driftedValue(member, applied[key], live[key], [...path, key]);
      if (value !== undefined) result[key] = value;
    }
    return result;
  }
  if (Array.isArray(input) && Array.isArray(applied) && Array.isArray(live)) return driftedList(input, applied, live, path);
  return live;
}

/** Lists of the same length are compared item by item; else the live list, less what the server added to each item, is the drift. */
function driftedList(input: Json[], applied: Json[], live: Json[], path: Path): Json {
  if (input.length !== applied.length || applied.length !== live.length) return live;
  return input.map((item, index) => driftedValue(item, applied[index], live[index], [...path, index]) ?? null);
}

/** What the object's identity is, and what the server writes anew each time. */
function isBookkeeping(path: Path): boolean {
  const text = path.join("/");
  return text === "apiVersion" || text === "kind" || text === "metadata/name" || text === "metadata/namespace" || path[0] === "status";
}
