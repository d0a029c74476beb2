import { backgroundContext } from "../../lib/context.ts";
import type { Deps } from "../deps.ts";
import { expireChanges } from "./store.ts";

const everyMs = 10 * 60 * 1000;

/** Deletes changes that are too old, now and then; any replica may. */
export function keepExpiring(deps: Deps, { maxAgeDays, signal }: { maxAgeDays: number; signal: AbortSignal }): void {
  const timer = setInterval(() => {
    const context = backgroundContext(deps.log, "expire-changes", 30_000);
    void deps.database
      .write(context, (transaction) => expireChanges(transaction, maxAgeDays))
      .catch((error: unknown) => deps.log.warn({ error }, "old changes not deleted, trying again later"));
  }, everyMs);
  timer.unref();
  signal.addEventListener("abort", () => clearInterval(timer));
}
