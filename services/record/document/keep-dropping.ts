import { backgroundContext } from "../../lib/context.ts";
import type { Deps } from "../deps.ts";
import { dropUnkept } from "./store.ts";

const everyMs = 10 * 60 * 1000;
/** Longer than any document takes to arrive. */
const unkeptMinutes = 60;

/** Deletes documents that came in parts and became no version: their client left, or the replica that took them ended. Any replica may. */
export function keepDropping(deps: Deps, signal: AbortSignal): void {
  const timer = setInterval(() => {
    const context = backgroundContext(deps.log, "drop-documents", 30_000);
    void deps.database
      .write(context, (transaction) => dropUnkept(transaction, unkeptMinutes))
      .catch((error: unknown) => deps.log.warn({ error }, "documents that nobody keeps not deleted, trying again later"));
  }, everyMs);
  timer.unref();
  signal.addEventListener("abort", () => clearInterval(timer));
}
