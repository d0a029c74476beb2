import type { Deps } from "../deps.ts";
import { nowAndThen } from "../now-and-then.ts";
import { expireChanges } from "./store.ts";

/** Deletes changes that are too old. */
export function keepExpiring(deps: Deps, { maxAgeDays, signal }: { maxAgeDays: number; signal: AbortSignal }): void {
  nowAndThen(deps, "expire-changes", signal, (transaction) => expireChanges(transaction, maxAgeDays));
}
