import { join } from "node:path";
import { configOrExit } from "../../lib/configuration.ts";
import { runMain, runService } from "../../lib/run-service.ts";
import { startServiceParts } from "../../lib/service-parts.ts";
import { createApp } from "../app.ts";
import { type Config, readConfig } from "../config.ts";
import { startDeps } from "../parts.ts";

/** The portal's server as server.ts starts it, but that the other services stand on this machine, at the ports of TEST_PORTS (JSON, by name). */
async function main(config: Config): Promise<void> {
  const parts = await startServiceParts("portal", config);
  const ports = JSON.parse(process.env.TEST_PORTS ?? "{}") as Record<string, number>;
  const { deps, stop } = startDeps(parts, config, { lookup: async () => ["127.0.0.1"], ports });
  const { fetch } = createApp(deps);
  const migrations = join(import.meta.dirname, "../migrations");
  await runService({ name: "portal", config, parts: { ...parts, stop }, fetch, migrations, commonTables: true });
}

if (import.meta.main) {
  await runMain(() => main(configOrExit(readConfig)));
}
