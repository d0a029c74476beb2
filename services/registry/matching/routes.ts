import type { Hono } from "hono";
import { type Env, primaryOnly, wantsJson } from "../../lib/http.ts";
import { fhirJson } from "../../lib/operation-outcome.ts";
import type { Deps } from "../deps.ts";
import { admit, jsonBody, languageOf } from "../request.ts";
import { matchPatient, parseMatch } from "./match-patient.ts";

/** POST Patient/$match */
export function matchRoutes(app: Hono<Env>, deps: Deps): void {
  app.post("/Patient/$match", async (call) => {
    const { context, access } = await admit(call, deps, { type: "Patient", action: "match", interaction: "operation" });
    wantsJson(call);
    const language = languageOf(call);
    const request = parseMatch(deps, await jsonBody(call, deps), language);
    const { value, servedBy } = await matchPatient(context, deps, { ...request, access, language, primaryOnly: primaryOnly(call) });
    return new Response(value, { headers: { "Content-Type": fhirJson, "DSP-Served-By": servedBy } });
  });
}
