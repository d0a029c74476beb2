import type { Logger } from "pino";
import { ServiceClient } from "./service-client.ts";
import { ServiceToken } from "./service-token.ts";

/** What a service that calls the record is told (`callerSettings`, and who signs its tokens). */
interface CallerConfig {
  SERVICES_DOMAIN: string;
  SERVICE_CA_FILE?: string | undefined;
  CLIENT_KEY_FILE?: string | undefined;
  TOKEN_ISSUER: string;
  TOKEN_AUDIENCE: string;
}

/** The way to the record in a service's own name; undefined without a key of its own. */
export function callsToRecord(
  config: CallerConfig,
  { clientId, scope, log }: { clientId: string; scope: string; log: Logger },
): { record: ServiceClient; token: ServiceToken; stop(): void } | undefined {
  const { SERVICES_DOMAIN: domain, SERVICE_CA_FILE: caFile, CLIENT_KEY_FILE: keyFile } = config;
  if (keyFile === undefined) return undefined;
  const record = new ServiceClient({ name: "record", domain, caFile, log });
  const identity = new ServiceClient({ name: "identity", domain, caFile, log });
  const { TOKEN_ISSUER: issuer, TOKEN_AUDIENCE: audience } = config;
  return {
    record,
    token: new ServiceToken({ identity, issuer, clientId, keyFile, audience, scope }),
    stop: () => {
      record.stop();
      identity.stop();
    },
  };
}
