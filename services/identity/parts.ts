import { callsToRecord } from "../lib/calls-to-record.ts";
import { type ServiceParts, startServiceParts } from "../lib/service-parts.ts";
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
  const calls = callsToRecord(config, { clientId: "identity", scope: "system/Consent.s system/Patient.r", log });
  if (!calls) {
    log.warn("no CLIENT_KEY_FILE: delegates are not offered the records that they may open");
    return { find: async () => [], stop: () => {} };
  }
  return { find: delegationsOfRecord(calls.record, calls.token), stop: calls.stop };
}
