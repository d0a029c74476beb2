import { ServiceClient } from "../lib/service-client.ts";
import { type ServiceParts, startServiceParts } from "../lib/service-parts.ts";
import { ServiceToken } from "../lib/service-token.ts";
import type { Config } from "./config.ts";
import { delegationsOfRecord, type FindDelegations } from "./delegation/find-delegations.ts";
import type { Deps } from "./deps.ts";
import { identityDeps } from "./identity-deps.ts";

/** Everything the service works with, made and started; `stop` ends it. The seed command starts the same. */
export async function startParts(config: Config): Promise<ServiceParts & { deps: Deps }> {
  const parts = await startServiceParts("identity", config);
  const delegations = startDelegations(parts.deps, config);
  const stop = (): void => {
    delegations.stop();
    parts.stop();
  };
  return { ...parts, deps: identityDeps(parts.deps, config, delegations.find), stop };
}

/** The way to the record; without a key of the service's own nobody is offered another's record as a delegate. */
function startDelegations({ log }: Pick<Deps, "log">, config: Config): { find: FindDelegations; stop(): void } {
  const { SERVICES_DOMAIN: domain, SERVICE_CA_FILE: caFile, CLIENT_KEY_FILE: keyFile } = config;
  if (keyFile === undefined) {
    log.warn("no CLIENT_KEY_FILE: delegates are not offered the records that they may open");
    return { find: async () => [], stop: () => {} };
  }
  const { TOKEN_ISSUER: issuer, TOKEN_AUDIENCE: audience } = config;
  const [record, identity] = [
    new ServiceClient({ name: "record", domain, caFile, log }),
    new ServiceClient({ name: "identity", domain, caFile, log }),
  ];
  const token = new ServiceToken({ identity, issuer, clientId: "identity", keyFile, audience, scope: "system/Consent.s system/Patient.r" });
  return {
    find: delegationsOfRecord(record, token),
    stop: () => {
      record.stop();
      identity.stop();
    },
  };
}
