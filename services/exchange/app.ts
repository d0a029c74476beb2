import { Hono } from "hono";
import type { Env } from "../lib/http.ts";
import { limitRequests } from "../lib/limit-requests.ts";
import { createServiceApp } from "../lib/service-app.ts";
import type { Deps } from "./deps.ts";
import { eventRoutes } from "./event/routes.ts";
import { messageRoutes } from "./message/routes.ts";
import { metadataRoutes } from "./metadata/routes.ts";
import { openApiDocument } from "./openapi/document.ts";
import { resourceRoutes } from "./resource/routes.ts";
import { letterRoutes, subscriptionRoutes } from "./subscription/routes.ts";
import { vendorRoutes } from "./vendor/routes.ts";

/** The exchange service as a function from request to response; it opens no port. */
export function createApp(deps: Deps): Hono<Env> {
  const app = createServiceApp(deps);
  const exchange = new Hono<Env>();
  exchange.use("*", limitRequests(deps));
  eventRoutes(exchange, deps);
  letterRoutes(exchange, deps);
  messageRoutes(exchange, deps);
  vendorRoutes(exchange, deps);
  exchange.get("/openapi.json", (call) => call.json(openApiDocument(deps.settings.publicUrl)));
  const fhir = new Hono<Env>();
  metadataRoutes(fhir, deps);
  subscriptionRoutes(fhir, deps);
  resourceRoutes(fhir, deps);
  exchange.route("/fhir", fhir);
  app.route("/exchange", exchange);
  return app;
}
