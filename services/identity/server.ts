import { join } from "node:path";
import { configOrExit } from "../lib/configuration.ts";
import { runMain, runService } from "../lib/run-service.ts";
import { createApp } from "./app.ts";
import { type Config, readConfig } from "./config.ts";
import { startExpiring } from "./expire.ts";
import { startParts } from "./parts.ts";

async function main(config: Config): Promise<void> {
  const parts = await startParts(config);
  const { fetch } = createApp(parts.deps);
  const background = (signal: AbortSignal): void => startExpiring(parts.deps, signal);
  await runService({
    name: "identity",
    config,
    parts,
    fetch,
    migrations: join(import.meta.dirname, "migrations"),
    commonTables: true,
    background,
  });
}

if (import.meta.main) {
  await runMain(() => main(configOrExit(readConfig)));
}
