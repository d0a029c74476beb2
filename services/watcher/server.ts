import { configOrExit } from "../lib/configuration.ts";
import { readConfig } from "./config.ts";
import { startWatcher } from "./start-watcher.ts";

if (import.meta.main) {
  const running = await startWatcher(configOrExit(readConfig)).catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => {
      void running.leave().then(() => process.exit(0));
    });
  }
}
