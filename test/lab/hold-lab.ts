import { holdLabLock } from "../../infra/lab/lock.ts";

/** Two runs that break the same lab at once would find two faults where the platform promises to bear one. */
export function setup(): void {
  holdLabLock();
}
