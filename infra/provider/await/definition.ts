import type { JsonObject } from "../json.ts";
import { conditionOf, failed, type Readiness, ready, waiting } from "./readiness.ts";

/** A CustomResourceDefinition is ready when its kind can be used. */
export function definitionReadiness(live: JsonObject): Readiness {
  const names = conditionOf(live, "NamesAccepted");
  if (names?.status === "False") return failed(`the names are not accepted: ${names.message}`);
  if (conditionOf(live, "Established")?.status === "True") return ready;
  const structure = conditionOf(live, "NonStructuralSchema");
  return waiting(
    structure?.status === "True" ? `the schema is not structural: ${structure.message}` : "waiting for the kind to be established",
  );
}
