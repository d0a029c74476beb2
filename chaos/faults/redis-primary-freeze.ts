import type { Fault } from "../fault.ts";
import { containerFreeze } from "./container-freeze.ts";

/** Redis' primary stands still with its connections open; its Sentinel goes on. */
export function redisPrimaryFreeze(): Fault {
  return { ...containerFreeze("redis-primary"), name: "redis-primary-freeze", title: "The Redis primary is frozen" };
}
