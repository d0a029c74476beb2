import { type Fault, FaultNotPossible } from "../fault.ts";
import { findPostgresPrimary, postgresInstances } from "./aim.ts";
import { kubectl } from "./kubectl.ts";
import { podElement, podInWords, podName, readPlatform } from "./platform.ts";

/** The pods of all PostgreSQL standbys are taken away by force at once: the primary is alone until the first is back. */
export function standbysKill(): Fault {
  return {
    name: "standbys-kill",
    title: "All PostgreSQL standbys are killed",
    async aim(context) {
      const { target } = context;
      const { platform, pod: primary } = await findPostgresPrimary(context);
      const pods = postgresInstances(platform).filter(({ name }) => name !== primary.name);
      if (pods.length === 0) throw new FaultNotPossible("this platform has no PostgreSQL standby");
      let killed = false;
      return {
        what: `the PostgreSQL standbys ${pods.map(podInWords).join(" and ")}`,
        elements: pods.map(podElement),
        pods: pods.map(podName),
        async inject() {
          // Once: their successors have the same names.
          if (killed) return;
          killed = true;
          const force = ["--grace-period=0", "--force", "--wait=false"];
          const names = pods.map(({ name }) => name);
          await kubectl(target, ["delete", "pod", "--namespace", target.namespace, ...names, ...force], { signal: context.signal });
        },
        async happened() {
          const now = await readPlatform(context);
          const left = pods.filter(({ uid }) => now.pods.some((pod) => pod.uid === uid));
          return left.length > 0 ? undefined : `${pods.map(podName).join(" and ")} are gone or other pods`;
        },
        heal: async () => undefined,
        remains: async () => [],
      };
    },
  };
}
