import type { Hono } from "hono";
import { authenticate, type Call, checkId, decodeUtf8, type Env, isJsonBody, primaryOnly, readBody, wantsJson } from "../../lib/http.ts";
import { checkedKey, fingerprint } from "../../lib/idempotency.ts";
import { preferredLanguage } from "../../lib/language.ts";
import { fhirError, fhirJson } from "../../lib/operation-outcome.ts";
import { reach } from "../../lib/scope.ts";
import { authorise } from "../access.ts";
import type { ResourceType } from "../catalogue.ts";
import type { Deps } from "../deps.ts";
import { recordingRefusal } from "../resource/write-once.ts";
import { breakGlass, emergencyCaller, parseReason } from "./break-glass.ts";
import { everything, parseEverything } from "./everything.ts";
import { checkSummaryParameters } from "./summary/check-summary-parameters.ts";
import { summaryTypes } from "./summary/sections.ts";
import { summary } from "./summary.ts";
import { validateResource } from "./validate-resource.ts";

/** FHIR's operations, whose names begin with a dollar sign. */
export function operationRoutes(app: Hono<Env>, deps: Deps): void {
  app.get("/Patient/:id/$everything", async (call) => {
    const type = patientType(deps);
    const context = await authenticate(call, deps, { interaction: "operation", resourceType: "Patient" });
    const id = call.req.param("id");
    checkId(id);
    const access = await authorise(context, deps, { type, resourceId: id, interaction: "operation", permission: "r" });
    wantsJson(call);
    // A scope for some types gives those, as a search over each of them would.
    const readable = [...deps.catalogue.types.values()].filter(
      ({ name, isDirectory }) => !isDirectory && reach(context.principal.scopes, name, "r") !== "none",
    );
    const query = parseEverything(
      new URL(call.req.url).searchParams,
      readable.map(({ name }) => name),
    );
    const { value, servedBy } = await everything(context, deps, { id, access, ...query, primaryOnly: primaryOnly(call) });
    return new Response(value, { headers: { "Content-Type": fhirJson, "DSP-Served-By": servedBy } });
  });
  app.post("/Patient/:id/$break-glass", (call) => openInEmergency(call, deps));
  const patientSummary = (call: Call): Promise<Response> => summarise(call, deps);
  app.get("/Patient/:id/$summary", patientSummary);
  app.post("/Patient/:id/$summary", patientSummary);
  const validate = (call: Call): Promise<Response> => validation(call, deps);
  app.post("/:type/$validate", validate);
  app.post("/:type/:id/$validate", validate);
}

/** Answers until when the record is open, and the review that was asked for. */
async function openInEmergency(call: Call, deps: Deps): Promise<Response> {
  const about = { interaction: "operation" as const, resourceType: "Patient" };
  const context = await authenticate(call, deps, about);
  const patientId = call.req.param("id") ?? "";
  checkId(patientId);
  wantsJson(call);
  if (!isJsonBody(call)) {
    throw fhirError(415, "not-supported", "This server reads application/fhir+json in UTF-8 only");
  }
  const body = decodeUtf8(await readBody(call, deps));
  const person = await recordingRefusal(context, deps, { ...about, resourceId: patientId }, emergencyCaller(context));
  const request = { key: checkedKey(call.req.header("Idempotency-Key")), fingerprint: fingerprint([call.req.method, call.req.path, body]) };
  const { until, taskId } = await breakGlass(context, deps, { ...request, patientId, person, reason: parseReason(body) });
  const parameter = [
    { name: "until", valueInstant: until },
    { name: "review", valueReference: { reference: `Task/${taskId}` } },
  ];
  return new Response(JSON.stringify({ resourceType: "Parameters", parameter }), { headers: { "Content-Type": fhirJson } });
}

/** The IPS's $summary: in the language that the client asks for, and for its profile only. */
async function summarise(call: Call, deps: Deps): Promise<Response> {
  const type = patientType(deps);
  const context = await authenticate(call, deps, { interaction: "operation", resourceType: "Patient" });
  const id = call.req.param("id") ?? "";
  checkId(id);
  const access = await authorise(context, deps, { type, resourceId: id, interaction: "operation", permission: "r" });
  wantsJson(call);
  const body = call.req.method === "POST" ? decodeUtf8(await readBody(call, deps)) : "";
  if (body !== "" && !isJsonBody(call)) {
    throw fhirError(415, "not-supported", "This server reads application/fhir+json in UTF-8 only");
  }
  checkSummaryParameters(new URL(call.req.url).searchParams, body);
  const readable = [...deps.catalogue.types.values()].filter(({ name }) => reach(context.principal.scopes, name, "r") !== "none");
  const types = readable.filter(({ name }) => summaryTypes.includes(name)).map(({ name }) => name);
  const directoryTypes = readable.filter(({ isDirectory }) => isDirectory).map(({ name }) => name);
  const language = preferredLanguage(call.req.header("Accept-Language"));
  const request = { id, access, types, directoryTypes, language, primaryOnly: primaryOnly(call) };
  const { value, servedBy } = await summary(context, deps, request);
  const headers = { "Content-Type": fhirJson, "Content-Language": language, Vary: "Accept-Language", "DSP-Served-By": servedBy };
  return new Response(value, { headers });
}

/** FHIR's $validate. */
async function validation(call: Call, deps: Deps): Promise<Response> {
  const type = deps.catalogue.types.get(call.req.param("type") ?? "");
  const context = await authenticate(call, deps, { interaction: "operation", resourceType: type?.name ?? "Unknown" });
  if (!type) {
    throw fhirError(404, "not-supported", "This server does not keep this resource type");
  }
  const id = call.req.param("id");
  if (id !== undefined) checkId(id);
  wantsJson(call);
  const body = decodeUtf8(await readBody(call, deps));
  if (body !== "" && !isJsonBody(call)) {
    throw fhirError(415, "not-supported", "This server reads application/fhir+json in UTF-8 only");
  }
  const query = new URL(call.req.url).searchParams;
  const found = await validateResource(context, deps, { type, id, query, body });
  return new Response(JSON.stringify(found), { headers: { "Content-Type": fhirJson } });
}

function patientType({ catalogue }: Deps): ResourceType {
  const type = catalogue.types.get("Patient");
  if (!type) throw new Error("Patient is not kept");
  return type;
}
