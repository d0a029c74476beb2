import { callsToRecord } from "../lib/calls-to-record.ts";
import { Definitions } from "../lib/fhir/definitions.ts";
import { RateLimiter } from "../lib/rate-limiter.ts";
import { type ServiceParts, startServiceParts } from "../lib/service-parts.ts";
import type { Config } from "./config.ts";
import { type Deps, resourceTypes } from "./deps.ts";
import { recordClient } from "./feed/record-client.ts";
import type { RecordPut } from "./feed/send-messages.ts";

/** Everything the service works with, made and started; `stop` ends it. The seed command starts the same. */
export async function startParts(config: Config): Promise<ServiceParts & { deps: Deps }> {
  const parts = await startServiceParts("registry", config);
  // No share for each pod without Redis: a patient must be found in a failover too.
  const rate = new RateLimiter({ redis: parts.redis, name: "registry", limit: config.RATE_LIMIT_PER_MINUTE, windowMs: 60_000 });
  const deps = { ...parts.deps, definitions: new Definitions(resourceTypes), importMaxBytes: config.IMPORT_MAX_BYTES, rate };
  return { ...parts, deps };
}

/** The way to the record; undefined without a key of the service's own, when changes wait. */
export function startRecordClient({ log }: Deps, config: Config): { put: RecordPut; stop(): void } | undefined {
  const calls = callsToRecord(config, { clientId: "registry", scope: "system/*.cruds", log });
  if (!calls) {
    log.warn("no CLIENT_KEY_FILE: the record is not told of changes");
    return undefined;
  }
  return { put: recordClient(calls.record, calls.token), stop: calls.stop };
}
