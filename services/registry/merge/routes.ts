import type { Parameters, ParametersParameter } from "@medplum/fhirtypes";
import type { Hono } from "hono";
import { parseResource } from "../../lib/fhir/exact-json.ts";
import { idPattern, validate } from "../../lib/fhir/validate.ts";
import { type Env, wantsJson } from "../../lib/http.ts";
import { fhirError, fhirJson, outcome } from "../../lib/operation-outcome.ts";
import type { Deps } from "../deps.ts";
import { admit, jsonBody, languageOf, writeRequest } from "../request.ts";
import { checkedResource } from "../resource/check-resource.ts";
import { mergePatients, type PatientSelector, previewMerge } from "./merge-patients.ts";
import { unmergePatients } from "./unmerge-patients.ts";

/** POST Patient/$merge (http://hl7.org/fhir/R5/patient-operation-merge.html) and Patient/$unmerge. */
export function mergeRoutes(app: Hono<Env>, deps: Deps): void {
  app.post("/Patient/$merge", async (call) => {
    const { context } = await admit(call, deps, { type: "Patient", action: "administer", interaction: "operation" });
    wantsJson(call);
    const body = await jsonBody(call, deps);
    const parameters = parseParameters(deps, body);
    const given = parameters.find(({ name }) => name === "result-patient")?.resource;
    const result = given && checkedResource(deps, "Patient", JSON.stringify(given), languageOf(call));
    const request = { source: selector(parameters, "source-patient"), target: selector(parameters, "target-patient"), result };
    if (parameters.find(({ name }) => name === "preview")?.valueBoolean === true) {
      const content = await previewMerge(context, deps, request);
      return answer(body, "A preview: nothing was changed", content);
    }
    const { target, replayed } = await mergePatients(context, deps, { ...request, ...writeRequest(call, body) });
    return answer(body, "Merged", target.content, replayed);
  });
  app.post("/Patient/$unmerge", async (call) => {
    const { context } = await admit(call, deps, { type: "Patient", action: "administer", interaction: "operation" });
    wantsJson(call);
    const body = await jsonBody(call, deps);
    const { id: sourceId } = selector(parseParameters(deps, body), "source-patient");
    if (sourceId === undefined) throw fhirError(400, "required", "source-patient is missing", { expression: "source-patient" });
    const { source, replayed } = await unmergePatients(context, deps, { sourceId, ...writeRequest(call, body) });
    return answer(body, "The merge is undone", source.content, replayed);
  });
}

/** @throws FhirError 400 */
function parseParameters(deps: Deps, body: string): ParametersParameter[] {
  const { plain } = parseResource(body);
  if (plain.resourceType !== "Parameters") throw fhirError(400, "invalid", "The operation takes a Parameters resource");
  validate(deps.definitions, plain);
  return (plain as unknown as Parameters).parameter ?? [];
}

/** @throws FhirError 400 for a reference that is not one to a patient here */
function selector(parameters: readonly ParametersParameter[], name: string): PatientSelector {
  const reference = parameters.find((each) => each.name === name)?.valueReference?.reference;
  const id = reference === undefined ? undefined : /(?:^|\/)Patient\/([^/]+)$/.exec(reference)?.[1];
  if (reference !== undefined && (id === undefined || !idPattern.test(id))) {
    throw fhirError(400, "value", `${name} is a reference to a patient: Patient/<id>`, { expression: name });
  }
  const identifiers = parameters
    .filter((each) => each.name === `${name}-identifier`)
    .map(({ valueIdentifier }) => `${valueIdentifier?.system ?? ""}|${valueIdentifier?.value ?? ""}`);
  return { id, identifiers };
}

/** As R5 has it: what was asked, how it went, and the patient as it is now. */
function answer(input: string, text: string, content: string, replayed = false): Response {
  const parameters = {
    resourceType: "Parameters",
    parameter: [
      { name: "input", resource: JSON.parse(input) as object },
      { name: "outcome", resource: outcome("information", "informational", text) },
      { name: "result", resource: JSON.parse(content) as object },
    ],
  };
  return new Response(JSON.stringify(parameters), {
    headers: { "Content-Type": fhirJson, ...(replayed ? { "DSP-Replayed": "true" } : {}) },
  });
}
