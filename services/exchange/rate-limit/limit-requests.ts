import type { MiddlewareHandler } from "hono";
import type { Env } from "../../lib/http.ts";
import { fhirError } from "../../lib/operation-outcome.ts";
import type { Deps } from "../deps.ts";

/** Bounds the requests of each client. Who has no good token is refused by the route. */
export function limitRequests(deps: Deps): MiddlewareHandler<Env> {
  return async (call, next) => {
    const principal = await deps.verifier.verify(call.req.header("Authorization")).catch(() => undefined);
    const waitSeconds = principal && (await deps.rate.take(`${principal.clientId}|${principal.subject}`));
    if (waitSeconds !== undefined) {
      throw fhirError(429, "throttled", `Too many requests of this client: come again in ${waitSeconds} s`, {
        headers: { "Retry-After": String(waitSeconds) },
      });
    }
    await next();
  };
}
