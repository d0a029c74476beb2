import { ServiceClient } from "../lib/service-client.ts";
import { type ServiceParts, startServiceParts } from "../lib/service-parts.ts";
import { loadCatalogue } from "./catalogue.ts";
import type { Config } from "./config.ts";
import type { Deps } from "./deps.ts";

/** Everything the service works with, made and started; `stop` ends it. The seed command starts the same. */
export async function startParts(config: Config): Promise<ServiceParts & { deps: Deps }> {
  const parts = await startServiceParts("exchange", config);
  const { SERVICES_DOMAIN: domain, SERVICE_CA_FILE: caFile } = config;
  const record = new ServiceClient({ name: "record", domain, caFile, log: parts.deps.log });
  return {
    ...parts,
    deps: { ...parts.deps, catalogue: loadCatalogue(), record, limits: { attachmentMaxBytes: config.ATTACHMENT_MAX_BYTES } },
    stop: () => {
      record.stop();
      parts.stop();
    },
  };
}
