import type { Deps } from "../deps.ts";
import { nowAndThen } from "../now-and-then.ts";
import { dropUnkept } from "./store.ts";

/** Longer than any document takes to arrive. */
const unkeptMinutes = 60;

/** Deletes documents that came in parts and became no version: their client left, or the replica that took them ended. */
export function keepDropping(deps: Deps, signal: AbortSignal): void {
  nowAndThen(deps, "drop-documents", signal, (transaction) => dropUnkept(transaction, unkeptMinutes));
}
