import { backgroundContext } from "../lib/context.ts";
import type { Transaction } from "../lib/database/database.ts";
import type { Deps } from "./deps.ts";

const everyMs = 10 * 60 * 1000;

/** Tidies the database now and then, until the signal; any replica may, and what fails is done the next time. */
export function nowAndThen(deps: Deps, task: string, signal: AbortSignal, work: (transaction: Transaction) => Promise<unknown>): void {
  const timer = setInterval(() => {
    const context = backgroundContext(deps.log, task, 30_000);
    void deps.database.write(context, work).catch((error: unknown) => deps.log.warn({ task, error }, "not done, trying again later"));
  }, everyMs);
  timer.unref();
  signal.addEventListener("abort", () => clearInterval(timer));
}
