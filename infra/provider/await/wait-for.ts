import { isObject, type Json, type JsonObject, listAt, parseJson, stringAt } from "../json.ts";
import { evaluateJsonPath, parseJsonPath } from "./json-path.ts";
import { conditionOf, explainCondition, isObserved, type Readiness, ready, waiting } from "./readiness.ts";

/** The user's own idea of readiness, on the object as an annotation. */
export const waitForAnnotation = "pulumi.com/waitFor";

/** One thing to wait for: it says whether an object has it. */
export type WaitCondition = (live: JsonObject) => Readiness;

/**
 * Reads the annotation's text: `condition=Ready`, `condition=Ready=False`, `jsonpath={.status.phase}=Running`, `jsonpath={.status.ip}`
 * (any value), or a JSON list of these, all of which must hold. Throws on anything else.
 */
export function parseWaitFor(text: string): WaitCondition {
  if (!text.trim().startsWith("[")) return parseOne(text);
  const items = parseJson(text);
  if (!Array.isArray(items) || items.length === 0 || !items.every((item) => typeof item === "string")) {
    throw new Error(`${waitForAnnotation} must be one expression or a JSON list of expressions: ${text}`);
  }
  const conditions = items.map((item) => parseOne(String(item)));
  return (live) => conditions.map((condition) => condition(live)).find((result) => result.state !== "ready") ?? ready;
}

function parseOne(text: string): WaitCondition {
  const condition = /^condition=([^=\s]+)(?:=([^=\s]+))?$/.exec(text.trim());
  if (condition?.[1]) return waitForCondition(condition[1], condition[2] ?? "True");
  const path = /^jsonpath='?(\{.*?\})'?(?:=(.*))?$/s.exec(text.trim());
  if (path?.[1]) return waitForPath(path[1], path[2]);
  throw new Error(`${waitForAnnotation}: "${text}" is neither condition=Type[=Status] nor jsonpath={.path}[=value]`);
}

function waitForCondition(type: string, status: string): WaitCondition {
  return (live) => {
    const condition = conditionOf(live, type);
    // A condition that tells of an older specification says nothing of this one.
    const observed = listAt(live, "status", "conditions").find((item) => stringAt(item, "type") === type);
    const isOld =
      isObject(observed) &&
      typeof observed.observedGeneration === "number" &&
      observed.observedGeneration < Number(live.metadata && isObject(live.metadata) ? (live.metadata.generation ?? 0) : 0);
    if (condition?.status.toLowerCase() === status.toLowerCase() && !isOld && isObservedIfTold(live)) return ready;
    const now = condition ? `it is ${condition.status} (${explainCondition(condition)})` : "there is none yet";
    return waiting(`waiting for condition ${type}=${status}: ${now}`);
  };
}

/** Objects whose status has no observedGeneration cannot tell. */
function isObservedIfTold(live: JsonObject): boolean {
  const status = live.status;
  return !isObject(status) || status.observedGeneration === undefined || isObserved(live);
}

function waitForPath(path: string, wanted: string | undefined): WaitCondition {
  const steps = parseJsonPath(path);
  const expected = wanted?.replace(/^(["'])(.*)\1$/s, "$2");
  return (live) => {
    const values = evaluateJsonPath(steps, live).map(asText);
    const isMet =
      expected === undefined ? values.some((value) => value !== "") : values.length > 0 && values.every((value) => value === expected);
    if (isMet) return ready;
    const now = values.length > 0 ? `it is ${values.join(", ")}` : "there is none yet";
    return waiting(`waiting for ${path}${expected === undefined ? "" : ` to be ${expected}`}: ${now}`);
  };
}

function asText(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
