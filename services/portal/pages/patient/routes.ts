import type { Hono } from "hono";
import type { Env } from "../../../lib/http.ts";
import type { Deps } from "../../deps.ts";
import { patientVisit } from "../../session/visit.ts";
import { overviewPage } from "./overview.ts";

/** For patients, and for those who act for one. */
export function patientRoutes(app: Hono<Env>, deps: Deps): void {
  app.get("/patient", async (call) => overviewPage(await patientVisit(call, deps), deps));
}
