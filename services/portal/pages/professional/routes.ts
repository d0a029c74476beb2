import type { Hono } from "hono";
import type { Env } from "../../../lib/http.ts";
import type { Deps } from "../../deps.ts";
import { member } from "../../session/visit.ts";
import { landingPage } from "./landing.ts";

/** For health professionals. */
export function professionalRoutes(app: Hono<Env>, deps: Deps): void {
  app.get("/professional", async (call) => landingPage(await member(call, deps, "practitioner")));
}
