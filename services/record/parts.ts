import { AuditTrail } from "../lib/audit.ts";
import { RedisAuditOutbox } from "../lib/audit-outbox.ts";
import { TokenVerifier } from "../lib/authenticate.ts";
import { ByteBudget } from "../lib/byte-budget.ts";
import type { PostgresAccess } from "../lib/database/connect.ts";
import { Database } from "../lib/database/database.ts";
import { createLog } from "../lib/log.ts";
import { createMetrics } from "../lib/metrics.ts";
import type { Readiness } from "../lib/operations-server.ts";
import { RedisConnection } from "../lib/redis.ts";
import { loadCatalogue } from "./catalogue.ts";
import type { Config } from "./config.ts";
import type { Deps } from "./deps.ts";
import { resourceTypes } from "./resource-types.ts";

/** How PostgreSQL is reached, from the configuration. */
export function postgresAccess(config: Config): PostgresAccess {
  return {
    database: config.POSTGRES_DATABASE,
    user: config.POSTGRES_USER,
    schema: "record",
    applicationName: `record ${config.POD_NAME}`.slice(0, 50),
    tlsName: config.POSTGRES_TLS_NAME,
    ...(config.POSTGRES_PASSWORD_FILE ? { passwordFile: config.POSTGRES_PASSWORD_FILE } : {}),
    ...(config.POSTGRES_CA_FILE ? { caFile: config.POSTGRES_CA_FILE } : {}),
  };
}

/** Everything the service works with, made and started; `stop` ends it. The seed command starts the same. */
export async function startParts(config: Config): Promise<{ deps: Deps; setReadiness(state: Readiness): void; stop(): void }> {
  const log = createLog({ level: config.LOG_LEVEL, service: "record", site: config.SITE, pod: config.POD_NAME });
  const metrics = createMetrics({ service: "record", site: config.SITE });
  const verifier = new TokenVerifier({ issuer: config.TOKEN_ISSUER, audience: config.TOKEN_AUDIENCE, jwksFile: config.TOKEN_JWKS_FILE });
  await verifier.load();
  const database = new Database({
    hosts: config.POSTGRES_HOSTS,
    access: postgresAccess(config),
    log,
    metrics,
    poolMax: config.POSTGRES_POOL_MAX,
    holdMax: config.HOLD_REQUESTS_MAX,
  });
  database.start();
  const redis = config.REDIS_SENTINELS && connectRedis(config, log);
  const outbox = redis && new RedisAuditOutbox({ redis, metrics, service: "record", replicas: config.AUDIT_OUTBOX_REPLICAS });
  const audit = new AuditTrail({ database, metrics, log, site: config.SITE, ...(outbox ? { outbox } : {}) });
  const catalogue = loadCatalogue(resourceTypes, config.PUBLIC_URL);
  let readiness: Readiness = { ready: false, reason: "starting" };
  const settings = { publicUrl: config.PUBLIC_URL, site: config.SITE, deadlineMs: config.DEADLINE_MS, bodyMaxBytes: config.BODY_MAX_BYTES };
  const deps: Deps = {
    catalogue,
    database,
    audit,
    metrics,
    log,
    verifier,
    settings,
    bodies: new ByteBudget(config.BODIES_MAX_BYTES),
    readiness: () => readiness,
  };
  return {
    deps,
    setReadiness: (state) => {
      readiness = state;
    },
    stop: () => {
      audit.stop();
      database.stop();
      redis?.stop();
    },
  };
}

function connectRedis(config: Config, log: Deps["log"]): RedisConnection {
  const sentinels = config.REDIS_SENTINELS?.map(({ name, port }) => ({ host: name, port })) ?? [];
  const { REDIS_PRIMARY_NAME: primaryName, REDIS_PASSWORD_FILE: passwordFile } = config;
  return new RedisConnection({ sentinels, primaryName, log, ...(passwordFile ? { passwordFile } : {}) });
}
