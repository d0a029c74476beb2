import { Counter } from "prom-client";
import { unavailable } from "../lib/operation-outcome.ts";
import { RateLimiter } from "../lib/rate-limiter.ts";
import { SecretBox } from "../lib/secret-box.ts";
import { ServiceClient } from "../lib/service-client.ts";
import { type ServiceParts, startServiceParts } from "../lib/service-parts.ts";
import { ServiceToken } from "../lib/service-token.ts";
import { loadCatalogue } from "./catalogue.ts";
import type { Config } from "./config.ts";
import type { Deps } from "./deps.ts";
import { NoticeHub } from "./event/notice-hub.ts";

/** Everything the service works with, made and started; `stop` ends it. The seed command starts the same. */
export async function startParts(config: Config): Promise<ServiceParts & { deps: Deps }> {
  const parts = await startServiceParts("exchange", config);
  const secrets = new SecretBox(config.SECRET_KEYS_FILE, parts.deps.log);
  const { SERVICES_DOMAIN: domain, SERVICE_CA_FILE: caFile } = config;
  const { log, database, metrics } = parts.deps;
  const [record, identity] = ["record", "identity"].map((name) => new ServiceClient({ name, domain, caFile, log }));
  if (!record || !identity) throw new Error("no clients");
  const token =
    config.CLIENT_KEY_FILE && new ServiceToken({ identity, clientId: "exchange", keyFile: config.CLIENT_KEY_FILE, ...tokenOf(config) });
  return {
    ...parts,
    deps: {
      ...parts.deps,
      catalogue: loadCatalogue(),
      record,
      identity,
      limits: limitsOf(config),
      ownToken: (context) =>
        token ? token.header(context) : Promise.reject(unavailable("This service was given no key of its own (CLIENT_KEY_FILE)")),
      secrets,
      webhooks: { allowed: config.WEBHOOK_ALLOWED_NETWORKS, caFile: config.WEBHOOK_CA_FILE },
      events: new NoticeHub({
        database,
        log,
        streamsMax: config.EVENT_STREAMS_MAX,
        streamsPerAccountMax: config.EVENT_STREAMS_PER_ACCOUNT_MAX,
      }),
      rate: new RateLimiter({
        redis: parts.redis,
        name: "exchange",
        limit: config.RATE_LIMIT_PER_MINUTE,
        windowMs: 60_000,
        pods: config.RATE_LIMIT_PODS,
      }),
      delivered: new Counter({
        ...{ name: "dsp_exchange_deliveries_total", help: "Notifications tried, by outcome", labelNames: ["outcome"] },
        registers: [metrics.registry],
      }),
    },
    stop: () => {
      record.stop();
      identity.stop();
      parts.stop();
    },
  };
}

function tokenOf({ TOKEN_ISSUER: issuer, TOKEN_AUDIENCE: audience }: Config) {
  return { issuer, audience, scope: "system/*.cruds" };
}

function limitsOf(config: Config): Deps["limits"] {
  return {
    attachmentMaxBytes: config.ATTACHMENT_MAX_BYTES,
    recordUrl: new URL("/fhir", config.PUBLIC_URL).href,
    subscriptionsMax: config.SUBSCRIPTIONS_MAX,
    attemptsMax: config.DELIVERY_ATTEMPTS_MAX,
    failuresMax: config.DELIVERY_FAILURES_MAX,
    backlogMax: config.DELIVERY_BACKLOG_MAX,
    eventDays: config.EVENT_RETENTION_DAYS,
  };
}
