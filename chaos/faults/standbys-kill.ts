import { type Fault, FaultNotPossible } from "../fault.ts";
import { findPostgresPrimary, postgresInstances } from "./aim.ts";
import { killPods } from "./kill-pods.ts";
import { podElement, podInWords } from "./platform.ts";

/** The pods of all PostgreSQL standbys are killed at once: the primary is alone until the first is back. */
export function standbysKill(): Fault {
  return {
    name: "standbys-kill",
    title: "All PostgreSQL standbys are killed",
    async aim(context) {
      const { platform, pod: primary } = await findPostgresPrimary(context);
      const pods = postgresInstances(platform).filter(({ name }) => name !== primary.name);
      if (pods.length === 0) throw new FaultNotPossible("this platform has no PostgreSQL standby");
      const what = `the PostgreSQL standbys ${pods.map(podInWords).join(" and ")}`;
      return killPods(context, { what, elements: pods.map(podElement), pods });
    },
  };
}
