import { join } from "node:path";
import { configOrExit } from "../lib/configuration.ts";
import { runMain, runService } from "../lib/run-service.ts";
import { createApp } from "./app.ts";
import { type Config, readConfig } from "./config.ts";
import { runWorker } from "./delivery/run-worker.ts";
import { startParts } from "./parts.ts";

async function main(config: Config): Promise<void> {
  const parts = await startParts(config);
  const { fetch } = createApp(parts.deps);
  await runService({
    ...{ name: "exchange", config, parts, fetch, migrations: join(import.meta.dirname, "migrations"), commonTables: true },
    background: (signal) => {
      void runWorker(parts.deps, `${config.POD_NAME}-${process.pid}-${Date.now()}`, signal);
      // The edge has noticed by then that this pod leaves: who connects anew comes to another one.
      signal.addEventListener("abort", () => setTimeout(() => parts.deps.events.drain(), Math.round(config.DRAIN_NOTICE_MS * 0.9)));
    },
  });
}

if (import.meta.main) {
  await runMain(() => main(configOrExit(readConfig)));
}
