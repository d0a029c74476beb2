import type { Hono } from "hono";
import type { Env } from "./http.ts";
import type { Readiness } from "./operations-server.ts";

/**
 * GET /health/live: the process serves requests at all. GET /health/ready: it should be given requests: set up, migrated,
 * once in touch with the database, not draining. While the primary moves it stays ready, because it holds requests.
 */
export function healthRoutes(app: Hono<Env>, deps: { readiness(): Readiness }): void {
  app.get("/health/live", (call) => call.json({ live: true }));
  app.get("/health/ready", (call) => {
    const state = deps.readiness();
    return call.json(state, state.ready ? 200 : 503);
  });
}
