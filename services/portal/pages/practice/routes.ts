import type { Hono } from "hono";
import type { Env } from "../../../lib/http.ts";
import type { Deps } from "../../deps.ts";
import { member } from "../../session/visit.ts";

/** For a practice's own affairs. */
export function practiceRoutes(app: Hono<Env>, deps: Deps): void {
  app.get("/practice", async (call) => {
    await member(call, deps, "practitioner");
    return call.redirect("/portal/professional");
  });
}
