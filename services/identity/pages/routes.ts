import type { Hono } from "hono";
import type { Env } from "../../lib/http.ts";
import { pageScript, style } from "./assets.ts";

const headers = { "Cache-Control": "public, max-age=3600", "X-Content-Type-Options": "nosniff" };

/** The style sheet and the one script. */
export function assetRoutes(app: Hono<Env>): void {
  app.get("/assets/style.css", (call) => call.body(style, 200, { ...headers, "Content-Type": "text/css; charset=utf-8" }));
  app.get("/assets/page.js", (call) => call.body(pageScript, 200, { ...headers, "Content-Type": "text/javascript; charset=utf-8" }));
}
