import { badConfigExitCode, type Config, readConfig } from "./config.ts";
import { startWatcher } from "./start-watcher.ts";

if (import.meta.main) {
  let config: Config;
  try {
    config = readConfig(process.env);
  } catch (error) {
    console.error((error as Error).message);
    process.exit(badConfigExitCode);
  }
  const running = await startWatcher(config).catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => {
      running.stop();
      process.exit(0);
    });
  }
}
