import type { Hono } from "hono";
import { z } from "zod";
import { authenticate, type Env } from "../../lib/http.ts";
import type { Deps } from "../deps.ts";
import { readJson } from "../read-json.ts";
import { createLaunch } from "./create-launch.ts";

const bodySchema = z.strictObject({
  patient: z.string().regex(/^[A-Za-z0-9\-.]{1,64}$/),
  client_id: z.string().min(1).max(255).optional(),
});

/** POST /identity/launch `{"patient": id, "client_id"?}` with the user's token at a first-party site: `{"launch": value, "expires_in": s}`. */
export function launchRoutes(app: Hono<Env>, deps: Deps): void {
  app.post("/launch", async (call) => {
    const context = await authenticate(call, deps, { interaction: "operation", resourceType: "Patient" });
    const advice = 'Send {"patient": "<id>"} and, to allow one software only, "client_id"';
    const body = await readJson(call, deps, bodySchema, advice);
    const key = call.req.header("Idempotency-Key") ?? crypto.randomUUID();
    const launch = await createLaunch(context, deps, { patientId: body.patient, clientId: body.client_id, key });
    return call.json(launch, 201);
  });
}
