import { Hono } from "hono";
import type { Env } from "../lib/http.ts";
import { limitRequests } from "../lib/limit-requests.ts";
import { createServiceApp } from "../lib/service-app.ts";
import { auditLogRoutes } from "./audit-log/routes.ts";
import { bundleRoutes } from "./bundle/routes.ts";
import { changeRoutes } from "./changes/routes.ts";
import type { Deps } from "./deps.ts";
import { historyRoutes } from "./history/routes.ts";
import { metadataRoutes } from "./metadata/routes.ts";
import { operationRoutes } from "./operation/routes.ts";
import { oversightRoutes } from "./oversight/routes.ts";
import { resourceRoutes } from "./resource/routes.ts";

/** The record service as a function from request to response; it opens no port. */
export function createApp(deps: Deps): Hono<Env> {
  const app = createServiceApp(deps);
  const fhir = new Hono<Env>();
  fhir.use("*", limitRequests(deps));
  metadataRoutes(fhir, deps);
  bundleRoutes(fhir, deps, (request) => app.fetch(request));
  auditLogRoutes(fhir, deps);
  changeRoutes(fhir, deps);
  operationRoutes(fhir, deps);
  historyRoutes(fhir, deps);
  oversightRoutes(fhir, deps);
  resourceRoutes(fhir, deps);
  app.route("/fhir", fhir);
  return app;
}
