import type { Hono } from "hono";
import type { Env } from "../lib/http.ts";
import { createServiceApp } from "../lib/service-app.ts";
import type { ServiceDeps } from "../lib/service-parts.ts";

/** The portal service as a function from request to response; it opens no port. */
export function createApp(deps: ServiceDeps): Hono<Env> {
  return createServiceApp(deps);
}
