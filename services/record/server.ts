import { join } from "node:path";
import { startSealing } from "../lib/audit-chain.ts";
import { configOrExit } from "../lib/configuration.ts";
import { backgroundContext } from "../lib/context.ts";
import { migrate } from "../lib/database/migrate.ts";
import { expireKeys } from "../lib/idempotency.ts";
import { draining, serveOperations } from "../lib/operations-server.ts";
import { HttpService } from "../lib/serve.ts";
import { createApp } from "./app.ts";
import { type Config, readConfig } from "./config.ts";
import { postgresAccess, startParts } from "./parts.ts";

const migrations = join(import.meta.dirname, "migrations");

async function main(config: Config): Promise<void> {
  const { deps, setReadiness, stop } = await startParts(config);
  const { log, database, audit, metrics } = deps;
  const stopping = new AbortController();
  const http = new HttpService({
    fetch: createApp(deps).fetch,
    port: config.PORT,
    log,
    ...(config.TLS_CERT_FILE && config.TLS_KEY_FILE ? { tlsCertFile: config.TLS_CERT_FILE, tlsKeyFile: config.TLS_KEY_FILE } : {}),
  });
  const operations = await serveOperations({ metrics, readiness: deps.readiness, port: config.METRICS_PORT });
  log.info({ port: await http.listen(), metricsPort: config.METRICS_PORT }, "listening");
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
  await migrate({ database, access: postgresAccess(config), folder: migrations, log, signal: stopping.signal });
  setReadiness({ ready: true });
  log.info({ startupSeconds: Math.round(process.uptime() * 10) / 10 }, "ready");
  audit.startDraining(2000);
  startSealing({ database, log, intervalMs: 2000 });
  setInterval(
    () => {
      void expireKeys(backgroundContext(log, "expire-keys", 30_000), database, config.IDEMPOTENCY_HOURS).catch((error: unknown) => {
        log.warn({ error }, "old idempotency keys not deleted, trying again later");
      });
    },
    10 * 60 * 1000,
  ).unref();
}

if (import.meta.main) {
  await main(configOrExit(readConfig)).catch((error: unknown) => {
    // An aborted start is a normal end: the drain is under way.
    if ((error as Error).name !== "AbortError") {
      console.error(error);
      process.exit(1);
    }
  });
}
