import { join } from "node:path";
import { configOrExit } from "../lib/configuration.ts";
import { runMain, runService } from "../lib/run-service.ts";
import { startServiceParts } from "../lib/service-parts.ts";
import { createApp } from "./app.ts";
import { type Config, readConfig } from "./config.ts";

async function main(config: Config): Promise<void> {
  const parts = await startServiceParts("exchange", config);
  const { fetch } = createApp(parts.deps);
  await runService({ name: "exchange", config, parts, fetch, migrations: join(import.meta.dirname, "migrations"), commonTables: true });
}

if (import.meta.main) {
  await runMain(() => main(configOrExit(readConfig)));
}
