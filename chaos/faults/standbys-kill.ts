import type { Fault } from "../fault.ts";
import { findPostgresStandbys } from "./aim.ts";
import { killPods } from "./kill-pods.ts";

/** The pods of all PostgreSQL standbys are killed at once: the primary is alone until the first is back. */
export function standbysKill(): Fault {
  return {
    name: "standbys-kill",
    title: "All PostgreSQL standbys are killed",
    async aim(context) {
      const { pods, words, elements } = await findPostgresStandbys(context);
      return killPods(context, { what: words, elements, pods });
    },
  };
}
