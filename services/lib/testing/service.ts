import { join } from "node:path";
import { pino } from "pino";
import { AuditTrail } from "../audit.ts";
import { RedisAuditOutbox } from "../audit-outbox.ts";
import { TokenVerifier } from "../authenticate.ts";
import { ByteBudget } from "../byte-budget.ts";
import { Database } from "../database/database.ts";
import { migrate } from "../database/migrate.ts";
import { parseHosts } from "../database/resolve-hosts.ts";
import { createMetrics } from "../metrics.ts";
import { RedisConnection } from "../redis.ts";
import { SeenProofs } from "../seen-proofs.ts";
import type { ServiceParts, ServiceSettings } from "../service-parts.ts";
import type { TestPostgres } from "./postgres.ts";
import type { TestRedis } from "./redis.ts";
import type { TestIssuer } from "./tokens.ts";

/** The parts of a service over a test's own PostgreSQL (and Redis), with its schema migrated; the test makes the app of them and calls it without a port. */
export async function startTestParts(options: {
  name: string;
  postgres: TestPostgres;
  issuer: TestIssuer;
  /** The folder of the service's migrations. */
  migrations: string;
  /** Whether `services/lib/migrations` come before them. */
  commonTables: boolean;
  redis?: TestRedis | undefined;
  settings?: Partial<ServiceSettings> | undefined;
  holdMax?: number | undefined;
}): Promise<ServiceParts> {
  const { name, postgres, issuer } = options;
  const log = pino({ level: process.env.DSP_TEST_LOG ?? "silent" });
  const metrics = createMetrics({ service: name });
  const access = { database: "postgres", user: name, schema: name, applicationName: `${name} test` };
  const database = new Database({ hosts: parseHosts(postgres.hosts), access, log, metrics, holdMax: options.holdMax ?? 2000 });
  database.start();
  const redis = options.redis && new RedisConnection({ server: { host: "127.0.0.1", port: options.redis.port }, log });
  const outbox = redis && new RedisAuditOutbox({ redis, metrics, service: name, replicas: 1 });
  const audit = new AuditTrail({ database, metrics, log, service: name, site: "site-a", ...(outbox ? { outbox } : {}) });
  const settings = {
    publicUrl: `https://dsp.test/${name}`,
    site: "site-a",
    deadlineMs: 20_000,
    bodyMaxBytes: 1024 * 1024,
    ...options.settings,
  };
  const { signal } = new AbortController();
  if (options.commonTables)
    await migrate({ database, access, folder: join(import.meta.dirname, "..", "migrations"), table: "common_migration", log, signal });
  await migrate({ database, access, folder: options.migrations, log, signal });
  return {
    deps: {
      database,
      audit,
      metrics,
      log,
      verifier: new TokenVerifier({ ...issuer, proofs: { origin: new URL(settings.publicUrl).origin, seen: new SeenProofs(redis) } }),
      settings,
      bodies: new ByteBudget(32 * 1024 * 1024),
      readiness: () => ({ ready: true }),
    },
    redis,
    setReadiness: () => {},
    stop: () => {
      audit.stop();
      database.stop();
      redis?.stop();
    },
  };
}
