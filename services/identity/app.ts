import { Hono } from "hono";
import type { Env } from "../lib/http.ts";
import { createServiceApp } from "../lib/service-app.ts";
import { clientRoutes } from "./client/routes.ts";
import type { Deps } from "./deps.ts";
import { launchRoutes } from "./launch/routes.ts";
import { assetRoutes } from "./pages/routes.ts";
import { providerRoutes } from "./provider/routes.ts";
import { selfRoutes } from "./self/routes.ts";
import { serviceDeskRoutes } from "./service-desk/routes.ts";
import { signinRoutes } from "./signin/routes.ts";
import { upstreamRoutes } from "./upstream/routes.ts";

/** The identity service as a function from request to response; it opens no port. The provider's own addresses need Node's request and response. */
export function createApp(deps: Deps): Hono<Env> {
  const app = createServiceApp(deps);
  const identity = new Hono<Env>();
  providerRoutes(identity, deps);
  signinRoutes(identity, deps);
  clientRoutes(identity, deps);
  launchRoutes(identity, deps);
  upstreamRoutes(identity, deps);
  selfRoutes(identity, deps);
  serviceDeskRoutes(identity, deps);
  assetRoutes(identity);
  app.route("/identity", identity);
  return app;
}
