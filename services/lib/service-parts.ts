import type { Logger } from "pino";
import { AuditTrail } from "./audit.ts";
import { RedisAuditOutbox } from "./audit-outbox.ts";
import { TokenVerifier } from "./authenticate.ts";
import { ByteBudget } from "./byte-budget.ts";
import type { PostgresAccess } from "./database/connect.ts";
import { Database } from "./database/database.ts";
import { createLog } from "./log.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import type { Readiness } from "./operations-server.ts";
import { RedisConnection, redisTls } from "./redis.ts";
import { SeenProofs } from "./seen-proofs.ts";
import type { ServiceConfig } from "./service-config.ts";

/** The settings that operations see; the rest of the configuration is the server's business. */
export interface ServiceSettings {
  /** Base of all links, without a final slash, e.g. https://dsp.example/fhir */
  publicUrl: string;
  site: string;
  deadlineMs: number;
  bodyMaxBytes: number;
}

/** What the operations of every service work with. */
export interface ServiceDeps {
  database: Database;
  audit: AuditTrail;
  metrics: Metrics;
  log: Logger;
  verifier: TokenVerifier;
  settings: ServiceSettings;
  /** Bounds the bodies of all requests together. */
  bodies: ByteBudget;
  /** Whether the service can serve: see `GET /health/ready`. */
  readiness(): Readiness;
}

/** A service's parts, started. */
export interface ServiceParts {
  deps: ServiceDeps;
  redis: RedisConnection | undefined;
  setReadiness(state: Readiness): void;
  stop(): void;
}

/** How PostgreSQL is reached, from the configuration: the schema has the service's name. */
export function postgresAccess(name: string, config: ServiceConfig): PostgresAccess {
  return {
    database: config.POSTGRES_DATABASE,
    user: config.POSTGRES_USER,
    schema: name,
    applicationName: `${name} ${config.POD_NAME}`.slice(0, 50),
    tlsName: config.POSTGRES_TLS_NAME,
    ...(config.POSTGRES_PASSWORD_FILE ? { passwordFile: config.POSTGRES_PASSWORD_FILE } : {}),
    ...(config.POSTGRES_OTHER_PASSWORDS_FILE ? { otherPasswordsFile: config.POSTGRES_OTHER_PASSWORDS_FILE } : {}),
    ...(config.POSTGRES_CA_FILE ? { caFile: config.POSTGRES_CA_FILE } : {}),
  };
}

/** Everything a service works with, made and started; `stop` ends it. Commands beside the server (seed, verify-audit) start the same. */
export async function startServiceParts(name: string, config: ServiceConfig): Promise<ServiceParts> {
  const log = createLog({ level: config.LOG_LEVEL, service: name, site: config.SITE, pod: config.POD_NAME });
  const metrics = createMetrics({ service: name, site: config.SITE });
  metrics.pod.set({ pod: config.POD_NAME, node: config.NODE_NAME }, 1);
  const redis = config.REDIS_SENTINELS && connectRedis(config, log);
  const verifier = new TokenVerifier({
    ...{ issuer: config.TOKEN_ISSUER, audience: config.TOKEN_AUDIENCE, jwksFile: config.TOKEN_JWKS_FILE },
    proofs: { origin: new URL(config.PUBLIC_URL).origin, seen: new SeenProofs(redis) },
  });
  await verifier.load();
  const database = new Database({
    hosts: config.POSTGRES_HOSTS,
    access: postgresAccess(name, config),
    log,
    metrics,
    poolMax: config.POSTGRES_POOL_MAX,
    holdMax: config.HOLD_REQUESTS_MAX,
  });
  database.start();
  const outbox = redis && new RedisAuditOutbox({ redis, metrics, service: name, replicas: config.AUDIT_OUTBOX_REPLICAS });
  const audit = new AuditTrail({ database, metrics, log, service: name, site: config.SITE, ...(outbox ? { outbox } : {}) });
  let readiness: Readiness = { ready: false, reason: "starting" };
  return {
    deps: {
      database,
      audit,
      metrics,
      log,
      verifier,
      settings: {
        publicUrl: config.PUBLIC_URL,
        site: config.SITE,
        deadlineMs: config.DEADLINE_MS,
        bodyMaxBytes: config.BODY_MAX_BYTES,
      },
      bodies: new ByteBudget(config.BODIES_MAX_BYTES),
      readiness: () => readiness,
    },
    redis,
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

function connectRedis(config: ServiceConfig, log: Logger): RedisConnection {
  const sentinels = config.REDIS_SENTINELS?.map(({ name, port }) => ({ host: name, port })) ?? [];
  const passwordFiles = [config.REDIS_PASSWORD_FILE, config.REDIS_OTHER_PASSWORDS_FILE].filter((file) => file !== undefined);
  return new RedisConnection({ sentinels, primaryName: config.REDIS_PRIMARY_NAME, log, passwordFiles, tls: redisTls(config) });
}
