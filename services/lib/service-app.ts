import { Hono } from "hono";
import { routePath } from "hono/route";
import { Deadline } from "./context.ts";
import { healthRoutes } from "./health-routes.ts";
import { type Call, dropRest, type Env, requestId } from "./http.ts";
import { FhirError, fhirError } from "./operation-outcome.ts";
import type { ServiceDeps } from "./service-parts.ts";

/**
 * A service as a function from request to response, with what every one of them needs around its routes: request ids, the deadline, health,
 * metrics, a log line for each request, and OperationOutcomes for every error. It opens no port.
 */
export function createServiceApp(deps: ServiceDeps): Hono<Env> {
  const app = new Hono<Env>();
  app.use("*", async (call, next) => {
    const startedMs = performance.now();
    const id = requestId(call.req.header("X-Request-Id"));
    call.set("requestId", id);
    call.set("deadline", Deadline.after(deps.settings.deadlineMs));
    call.set("log", deps.log);
    call.set("bodyBytes", 0);
    deps.metrics.inFlight.inc();
    try {
      await next();
    } finally {
      deps.metrics.inFlight.dec();
      deps.bodies.give(call.var.bodyBytes);
    }
    call.header("X-Request-Id", id);
    call.header("DSP-Site", deps.settings.site);
    // What is about patients is kept by nobody on its way, unless a route says that its answer may be.
    if (!call.res.headers.has("Cache-Control")) call.header("Cache-Control", "no-store");
    report(call, deps, performance.now() - startedMs);
    // Whoever was too slow with the body (408) has been waited for.
    if (call.res.status >= 400 && call.res.status !== 408) await dropRest(call);
  });
  healthRoutes(app, deps);
  app.notFound(() => fhirError(404, "not-found", "There is nothing at this address").toResponse());
  app.onError((error, call) => {
    if (error instanceof FhirError) {
      return error.toResponse();
    }
    deps.log.error({ requestId: call.var.requestId, error }, "unexpected error");
    return fhirError(500, "exception", "The server failed; its operators have been told").toResponse();
  });
  return app;
}

/** Metrics and one log line for each request, health checks aside. Routes, never paths: a path names a patient. */
function report(call: Call, deps: ServiceDeps, durationMs: number): void {
  const route = routePath(call);
  const { status } = call.res;
  const { method } = call.req;
  if (route.startsWith("/health")) {
    return;
  }
  deps.metrics.requests.observe({ method, route, status: String(status) }, durationMs / 1000);
  if (status === 503) {
    deps.metrics.unavailable.inc();
  }
  const servedBy = call.res.headers.get("DSP-Served-By") ?? undefined;
  deps.log.info(
    { requestId: call.var.requestId, method, route, status, durationMs: Math.round(durationMs * 10) / 10, servedBy },
    "request",
  );
}
