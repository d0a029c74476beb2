import type { Fault } from "../fault.ts";
import { findPostgresStandbys } from "./aim.ts";
import { freezeContainers } from "./freeze-containers.ts";
import { requireNodes } from "./node-shell.ts";

/** All PostgreSQL standbys are frozen at once: no commit is acknowledged, and all that wait are when they thaw. */
export function standbysFreeze(): Fault {
  const name = "standbys-freeze";
  return {
    name,
    title: "All PostgreSQL standbys are frozen",
    async aim(context) {
      requireNodes(context.target, "freezing containers");
      const { pods, words, elements } = await findPostgresStandbys(context);
      const victims = pods.map((pod) => ({ pod, container: "postgres" }));
      return freezeContainers(context, { name, what: words, elements, victims });
    },
  };
}
