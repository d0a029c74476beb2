import type { Hono } from "hono";
import type { Call, Env } from "../../../lib/http.ts";
import type { Deps } from "../../deps.ts";
import { type Member, member } from "../../session/visit.ts";
import { addReport, drillsPage } from "./drills.ts";
import { platformNow, platformPage } from "./platform.ts";

type Page = (visit: Member, deps: Deps) => Response | Promise<Response>;

/** For those who run the platform. They see no record. */
export function operatorRoutes(app: Hono<Env>, deps: Deps): void {
  const shown = (show: Page) => async (call: Call) => show(await member(call, deps, "operator"), deps);
  app.get("/operator", shown(platformPage));
  app.get("/operator/platform", shown(platformNow));
  app.get("/operator/drills", shown(drillsPage));
  app.get("/operator/drills/:id", shown(drillsPage));
  app.post("/operator/drill-reports", (call) => addReport(call, deps));
}
