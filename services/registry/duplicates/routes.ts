import type { Hono } from "hono";
import type { Env } from "../../lib/http.ts";
import { fhirError } from "../../lib/operation-outcome.ts";
import { uuidPattern } from "../../lib/uuid.ts";
import type { Deps } from "../deps.ts";
import { admit, languageOf, writeRequest } from "../request.ts";
import { type DuplicatesQuery, dismissPair, listDuplicates } from "./list-duplicates.ts";
import { pairStates } from "./store.ts";

const countMax = 100;

/** The work list of probable duplicates, for the registry's administration. */
export function duplicateRoutes(app: Hono<Env>, deps: Deps): void {
  app.get("/duplicates", async (call) => {
    const { context } = await admit(call, deps, { type: "Patient", action: "administer", interaction: "search-type" });
    const query = parseQuery(new URL(call.req.url).searchParams);
    const { value, servedBy } = await listDuplicates(context, deps, query, languageOf(call));
    const { pairs, last } = value;
    const next = last && new URLSearchParams({ state: query.state, count: String(query.count), after: `${last.probability}:${last.id}` });
    const body = { pairs, ...(next ? { next: `${deps.settings.publicUrl}/duplicates?${next}` } : {}) };
    return Response.json(body, { headers: { "DSP-Served-By": servedBy } });
  });
  app.post("/duplicates/:id/dismiss", async (call) => {
    const { context } = await admit(call, deps, { type: "Patient", action: "administer", interaction: "operation" });
    const id = call.req.param("id");
    if (!uuidPattern.test(id)) throw fhirError(404, "not-found", "There is no such pair");
    await dismissPair(context, deps, { id, ...writeRequest(call, "") });
    return new Response(null, { status: 204 });
  });
}

/** @throws FhirError 400 */
function parseQuery(query: URLSearchParams): DuplicatesQuery {
  const state = pairStates.find((each) => each === (query.get("state") ?? "open"));
  const count = query.get("count") ?? "20";
  if (!state) throw fhirError(400, "value", `state is one of ${pairStates.join(", ")}`, { expression: "state" });
  if (!/^[1-9]\d{0,5}$/.test(count)) throw fhirError(400, "value", "count is a positive number", { expression: "count" });
  const page = { state, count: Math.min(Number(count), countMax) };
  const after = query.get("after");
  if (after === null) return page;
  const [probability = "", id = ""] = after.split(":");
  if (!/^[\d.e-]{1,30}$/.test(probability) || !Number.isFinite(Number(probability)) || !uuidPattern.test(id)) {
    throw fhirError(400, "value", "This page's link was changed; begin the list again", { expression: "after" });
  }
  return { ...page, after: { probability: Number(probability), id } };
}
