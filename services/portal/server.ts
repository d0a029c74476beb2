import { join } from "node:path";
import { configOrExit } from "../lib/configuration.ts";
import { backgroundContext } from "../lib/context.ts";
import { runMain, runService } from "../lib/run-service.ts";
import { startServiceParts } from "../lib/service-parts.ts";
import { createApp } from "./app.ts";
import { type Config, readConfig } from "./config.ts";
import type { Deps } from "./deps.ts";
import { startDeps } from "./parts.ts";

const tidyEveryMs = 15 * 60_000;

async function main(config: Config): Promise<void> {
  const parts = await startServiceParts("portal", config);
  const { deps, stop } = startDeps(parts, config);
  const { fetch } = createApp(deps);
  await runService({
    name: "portal",
    config,
    parts: { ...parts, stop },
    fetch,
    migrations: join(import.meta.dirname, "migrations"),
    commonTables: true,
    background: (signal) => tidy(deps, config, signal),
  });
}

/** Forgets what is over: sessions, what was typed and never sent, and why records were opened. Each pod does it now and then; it does no harm twice. */
function tidy(deps: Deps, { DRAFT_DAYS }: Config, signal: AbortSignal): void {
  const timer = setInterval(() => {
    const context = backgroundContext(deps.log, "tidy", 30_000);
    const work = [deps.sessions.expire(context), deps.drafts.expire(context, DRAFT_DAYS), deps.practice.expire(context)];
    Promise.all(work).catch((error: unknown) => {
      deps.log.warn({ error }, "old sessions and drafts not deleted, trying again later");
    });
  }, tidyEveryMs);
  signal.addEventListener("abort", () => clearInterval(timer));
}

if (import.meta.main) {
  await runMain(() => main(configOrExit(readConfig)));
}
