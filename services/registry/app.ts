import { Hono } from "hono";
import type { Env } from "../lib/http.ts";
import { limitRequests } from "../lib/limit-requests.ts";
import { createServiceApp } from "../lib/service-app.ts";
import type { Deps } from "./deps.ts";
import { duplicateRoutes } from "./duplicates/routes.ts";
import { feedRoutes } from "./feed/routes.ts";
import { importRoutes } from "./import/routes.ts";
import { matchRoutes } from "./matching/routes.ts";
import { mergeRoutes } from "./merge/routes.ts";
import { metadataRoutes } from "./metadata/routes.ts";
import { resourceRoutes } from "./resource/routes.ts";

/** The registry service as a function from request to response; it opens no port. */
export function createApp(deps: Deps): Hono<Env> {
  const app = createServiceApp(deps);
  const registry = new Hono<Env>();
  const fhir = new Hono<Env>();
  metadataRoutes(registry, fhir, deps);
  duplicateRoutes(registry, deps);
  importRoutes(registry, deps);
  feedRoutes(registry, deps);
  const limit = limitRequests(deps, "searches");
  fhir.post("/Patient/$match", limit);
  fhir.get("/:type", limit);
  fhir.post("/:type/_search", limit);
  matchRoutes(fhir, deps);
  mergeRoutes(fhir, deps);
  resourceRoutes(fhir, deps);
  registry.route("/fhir", fhir);
  app.route("/registry", registry);
  return app;
}
