import { join } from "node:path";
import { configOrExit } from "../lib/configuration.ts";
import { runMain, runService } from "../lib/run-service.ts";
import { createApp } from "./app.ts";
import { type Config, readConfig } from "./config.ts";
import { feedRecord } from "./feed/send-messages.ts";
import { runImports } from "./import/process-lines.ts";
import { startParts, startRecordClient } from "./parts.ts";

async function main(config: Config): Promise<void> {
  const parts = await startParts(config);
  const { deps } = parts;
  const { fetch } = createApp(deps);
  const pollMs = config.POLL_MS;
  const background = (signal: AbortSignal): void => {
    const record = startRecordClient(deps, config);
    if (record) void feedRecord(deps, record.put, { pollMs, signal }).finally(record.stop);
    void runImports(deps, { pollMs, signal });
  };
  await runService({
    name: "registry",
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
