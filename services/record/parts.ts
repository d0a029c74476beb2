import { RateLimiter } from "../lib/rate-limiter.ts";
import { type ServiceParts, startServiceParts } from "../lib/service-parts.ts";
import { loadCatalogue } from "./catalogue.ts";
import type { Config } from "./config.ts";
import type { Deps } from "./deps.ts";
import { resourceTypes } from "./resource-types.ts";

/** Everything the service works with, made and started; `stop` ends it. The seed command starts the same. */
export async function startParts(config: Config): Promise<ServiceParts & { deps: Deps }> {
  const parts = await startServiceParts("record", config);
  const catalogue = loadCatalogue(resourceTypes, config.PUBLIC_URL);
  // Each pod counts for itself: no request waits for Redis to be let in.
  const rate = new RateLimiter({ redis: undefined, name: "record", limit: config.RATE_LIMIT_PER_MINUTE, windowMs: 60_000, pods: 1 });
  return { ...parts, deps: { ...parts.deps, catalogue, issuer: config.TOKEN_ISSUER, documentMaxBytes: config.DOCUMENT_MAX_BYTES, rate } };
}
