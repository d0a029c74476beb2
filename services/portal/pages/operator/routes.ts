import type { Hono } from "hono";
import type { Env } from "../../../lib/http.ts";
import type { Deps } from "../../deps.ts";
import { member } from "../../session/visit.ts";
import { landingPage } from "./landing.ts";

/** For those who run the platform. */
export function operatorRoutes(app: Hono<Env>, deps: Deps): void {
  app.get("/operator", async (call) => landingPage(await member(call, deps, "operator")));
}
