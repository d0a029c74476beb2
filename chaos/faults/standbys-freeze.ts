import { type Fault, FaultNotPossible } from "../fault.ts";
import { findPostgresPrimary, postgresInstances } from "./aim.ts";
import { freezeContainers } from "./freeze-containers.ts";
import { requireNodes } from "./node-shell.ts";
import { podElement, podInWords } from "./platform.ts";

/** All PostgreSQL standbys are frozen at once: no commit is acknowledged, and all that wait are when they thaw. */
export function standbysFreeze(): Fault {
  const name = "standbys-freeze";
  return {
    name,
    title: "All PostgreSQL standbys are frozen",
    async aim(context) {
      requireNodes(context.target, "freezing containers");
      const { platform, pod: primary } = await findPostgresPrimary(context);
      const pods = postgresInstances(platform).filter((pod) => pod.name !== primary.name);
      if (pods.length === 0) throw new FaultNotPossible("this platform has no PostgreSQL standby");
      const what = `the PostgreSQL standbys ${pods.map(podInWords).join(" and ")}`;
      const victims = pods.map((pod) => ({ pod, container: "postgres" }));
      return freezeContainers(context, { name, what, elements: pods.map(podElement), victims });
    },
  };
}
