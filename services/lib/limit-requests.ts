import type { MiddlewareHandler } from "hono";
import { type Env, isOwnRequest, principalOf } from "./http.ts";
import { fhirError } from "./operation-outcome.ts";
import type { RateLimiter } from "./rate-limiter.ts";
import type { ServiceDeps } from "./service-parts.ts";

/** Bounds the requests of each client; who has no good token is refused by the route. @param what as its client is told: `requests` */
export function limitRequests(deps: ServiceDeps & { rate: RateLimiter }, what = "requests"): MiddlewareHandler<Env> {
  return async (call, next) => {
    // What a request asks of the service itself was counted with it.
    if (isOwnRequest(call)) return await next();
    const principal = await principalOf(call, deps).catch(() => undefined);
    const waitSeconds = principal && (await deps.rate.take(`${principal.clientId}|${principal.subject}`));
    if (waitSeconds !== undefined) {
      throw fhirError(429, "throttled", `Too many ${what} of this client: come again in ${waitSeconds} s`, {
        headers: { "Retry-After": String(waitSeconds) },
      });
    }
    await next();
  };
}
