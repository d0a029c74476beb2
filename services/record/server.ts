import { join } from "node:path";
import { configOrExit } from "../lib/configuration.ts";
import { runMain, runService } from "../lib/run-service.ts";
import { createApp } from "./app.ts";
import { keepExpiring } from "./changes/expire-changes.ts";
import { type Config, readConfig } from "./config.ts";
import { keepDropping } from "./document/keep-dropping.ts";
import { startParts } from "./parts.ts";

async function main(config: Config): Promise<void> {
  const parts = await startParts(config);
  const { fetch } = createApp(parts.deps);
  await runService({
    ...{ name: "record", config, parts, fetch, migrations: join(import.meta.dirname, "migrations"), commonTables: false },
    background: (signal) => {
      keepExpiring(parts.deps, { maxAgeDays: config.CHANGE_RETENTION_DAYS, signal });
      keepDropping(parts.deps, signal);
    },
  });
}

if (import.meta.main) {
  await runMain(() => main(configOrExit(readConfig)));
}
