import { type ServiceParts, startServiceParts } from "../lib/service-parts.ts";
import type { Config } from "./config.ts";
import type { Deps } from "./deps.ts";
import { identityDeps } from "./identity-deps.ts";

/** Everything the service works with, made and started; `stop` ends it. The seed command starts the same. */
export async function startParts(config: Config): Promise<ServiceParts & { deps: Deps }> {
  const parts = await startServiceParts("identity", config);
  return { ...parts, deps: identityDeps(parts.deps, config) };
}
