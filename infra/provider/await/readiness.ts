import { type Json, type JsonObject, listAt, numberAt, stringAt } from "../json.ts";

/** What an object's state says: usable, not yet, or never. `message` is for the user. */
export type Readiness = { state: "ready" } | { state: "waiting"; message: string } | { state: "failed"; message: string };

export const ready: Readiness = { state: "ready" };

export function waiting(message: string): Readiness {
  return { state: "waiting", message };
}

export function failed(message: string): Readiness {
  return { state: "failed", message };
}

/** A condition of an object's status. */
export interface Condition {
  status: string;
  reason: string;
  message: string;
}

/** The condition of a type; undefined when the object has none. */
export function conditionOf(object: Json, type: string): Condition | undefined {
  const found = listAt(object, "status", "conditions").find((condition) => stringAt(condition, "type") === type);
  if (!found) return undefined;
  return { status: stringAt(found, "status") ?? "", reason: stringAt(found, "reason") ?? "", message: stringAt(found, "message") ?? "" };
}

/** `reason: message`, with what there is of it. */
export function explainCondition(condition: Condition): string {
  return [condition.reason, condition.message].filter((text) => text !== "").join(": ");
}

/** True when the object's controller has seen its latest specification. */
export function isObserved(object: JsonObject): boolean {
  const generation = numberAt(object, "metadata", "generation");
  return generation === undefined || (numberAt(object, "status", "observedGeneration") ?? 0) >= generation;
}
