import { parseResource } from "../../../lib/fhir/exact-json.ts";
import { fhirError } from "../../../lib/operation-outcome.ts";
import { elements, primitive } from "./element-text.ts";

const ownProfile = "http://hl7.org/fhir/uv/ips/StructureDefinition/Bundle-uv-ips";

/**
 * The operation's parameters, in the query or in a Parameters resource. The one profile that is made may be named; another, or a graph,
 * would be answered with something else than was asked for.
 * @throws FhirError 400
 */
export function checkSummaryParameters(query: URLSearchParams, body: string): void {
  const { resourceType, parameter } = body === "" ? { resourceType: "Parameters", parameter: [] } : parseResource(body).plain;
  if (resourceType !== "Parameters") {
    throw fhirError(400, "invalid", "The body, if there is one, must be a Parameters resource", { expression: "resourceType" });
  }
  const given = elements(parameter).map(({ name, valueUri, valueCanonical }): [string, string] => [
    primitive(name),
    primitive(valueUri ?? valueCanonical),
  ]);
  for (const [name, value] of [...query, ...given]) {
    if (name === "graph" || (name === "profile" && value.split("|")[0] !== ownProfile)) {
      throw fhirError(400, "not-supported", `This server makes summaries of the profile ${ownProfile} only`, { expression: name });
    }
  }
}
