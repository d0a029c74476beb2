import { join } from "node:path";
import { Sweep, sweepEvery } from "./audit.ts";
import { startSealing } from "./audit-chain.ts";
import { backgroundContext } from "./context.ts";
import { migrate } from "./database/migrate.ts";
import { expireKeys } from "./idempotency.ts";
import { draining, serveOperations } from "./operations-server.ts";
import { HttpService } from "./serve.ts";
import type { ServiceConfig } from "./service-config.ts";
import { postgresAccess, type ServiceParts } from "./service-parts.ts";

/** The tables of audit and idempotency, for a service whose own migrations do not make them. */
const commonMigrations = join(import.meta.dirname, "migrations");

export interface RunServiceOptions {
  name: string;
  config: ServiceConfig;
  parts: ServiceParts;
  fetch(request: Request): Promise<Response> | Response;
  /** The folder of the service's migrations. */
  migrations: string;
  /** Whether `services/lib/migrations` come before them. */
  commonTables: boolean;
  /** Starts what runs beside the requests, once the schema is there; ends with the signal. */
  background?(signal: AbortSignal): void;
}

/** Runs a service from start to its last request: migrates, listens, becomes ready, and on SIGTERM drains and exits. */
export async function runService({ name, config, parts, fetch, migrations, commonTables, background }: RunServiceOptions): Promise<void> {
  const { deps, setReadiness, stop } = parts;
  const { log, database, audit, metrics } = deps;
  const stopping = new AbortController();
  const http = new HttpService({
    fetch,
    port: config.PORT,
    log,
    ...(config.TLS_CERT_FILE && config.TLS_KEY_FILE ? { tlsCertFile: config.TLS_CERT_FILE, tlsKeyFile: config.TLS_KEY_FILE } : {}),
  });
  const operations = await serveOperations({ metrics, readiness: deps.readiness, port: config.METRICS_PORT });
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => {
      log.info({ signal }, "draining");
      setReadiness({ ready: false, reason: draining });
      stopping.abort();
      void http.drain({ noticeMs: config.DRAIN_NOTICE_MS, finishMs: config.DEADLINE_MS + 2000 }).then(() => {
        stop();
        operations.close();
        log.info("stopped");
        process.exit(0);
      });
    });
  }
  const access = postgresAccess(name, config);
  const { signal } = stopping;
  if (commonTables) await migrate({ database, access, folder: commonMigrations, table: "common_migration", log, signal });
  await migrate({ database, access, folder: migrations, log, signal });
  // Not before: HAProxy gives a server requests as soon as its name resolves, and they would wait here. Refused, they are sent elsewhere at once.
  log.info({ port: await http.listen(), metricsPort: config.METRICS_PORT }, "listening");
  setReadiness({ ready: true });
  log.info({ startupSeconds: Math.round(process.uptime() * 10) / 10 }, "ready");
  audit.startDraining(2000);
  const sweep = new Sweep(sweepEvery);
  startSealing({ database, log, intervalMs: 2000, due: () => audit.takeUnsealed() || sweep.isDue() });
  background?.(signal);
  setInterval(
    () => {
      void expireKeys(backgroundContext(log, "expire-keys", 30_000), database, config.IDEMPOTENCY_HOURS).catch((error: unknown) => {
        log.warn({ error }, "old idempotency keys not deleted, trying again later");
      });
    },
    10 * 60 * 1000,
  ).unref();
}

/** Runs a server's main function. An aborted start is a normal end: the drain is under way. */
export async function runMain(main: () => Promise<void>): Promise<void> {
  await main().catch((error: unknown) => {
    if ((error as Error).name !== "AbortError") {
      console.error(error);
      process.exit(1);
    }
  });
}
