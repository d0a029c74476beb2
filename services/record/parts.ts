import { type ServiceParts, startServiceParts } from "../lib/service-parts.ts";
import { loadCatalogue } from "./catalogue.ts";
import type { Config } from "./config.ts";
import type { Deps } from "./deps.ts";
import { resourceTypes } from "./resource-types.ts";

/** Everything the service works with, made and started; `stop` ends it. The seed command starts the same. */
export async function startParts(config: Config): Promise<ServiceParts & { deps: Deps }> {
  const parts = await startServiceParts("record", config);
  const catalogue = loadCatalogue(resourceTypes, config.PUBLIC_URL);
  return { ...parts, deps: { ...parts.deps, catalogue, issuer: config.TOKEN_ISSUER, documentMaxBytes: config.DOCUMENT_MAX_BYTES } };
}
