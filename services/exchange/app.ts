import { Hono } from "hono";
import type { Env } from "../lib/http.ts";
import { createServiceApp } from "../lib/service-app.ts";
import type { Deps } from "./deps.ts";
import { messageRoutes } from "./message/routes.ts";
import { resourceRoutes } from "./resource/routes.ts";

/** The exchange service as a function from request to response; it opens no port. */
export function createApp(deps: Deps): Hono<Env> {
  const app = createServiceApp(deps);
  const exchange = new Hono<Env>();
  messageRoutes(exchange, deps);
  const fhir = new Hono<Env>();
  resourceRoutes(fhir, deps);
  exchange.route("/fhir", fhir);
  app.route("/exchange", exchange);
  return app;
}
