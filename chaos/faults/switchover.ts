import { type Fault, FaultNotPossible } from "../fault.ts";
import { findPostgresPrimary, postgresInstances } from "./aim.ts";
import { kubectl } from "./kubectl.ts";
import { podElement, podInWords, witnessSite } from "./platform.ts";
import { patchCluster, readCluster } from "./postgres-cluster.ts";

/** What `kubectl cnpg promote` writes into the cluster's status. */
export function promotion(instance: string, now: Date): Record<string, string> {
  return {
    targetPrimary: instance,
    // CloudNativePG writes microseconds.
    targetPrimaryTimestamp: now.toISOString().replace("Z", "000Z"),
    phase: "Switchover in progress",
    phaseReason: `Switching over to ${instance}`,
  };
}

/** Planned: the primary moves to another full site, as for maintenance. */
export function switchover(): Fault {
  return {
    name: "switchover",
    title: "Planned switchover of PostgreSQL",
    async aim(context) {
      const { target } = context;
      const { platform, pod: primary } = await findPostgresPrimary(context);
      const cluster = await readCluster(context);
      const standbys = postgresInstances(platform).filter(({ name, ready }) => name !== primary.name && ready);
      const next = standbys.find(({ site }) => site !== witnessSite(platform) && site !== primary.site) ?? standbys[0];
      if (next === undefined) throw new FaultNotPossible("no standby is ready to take over");
      return {
        what: `the PostgreSQL primary moves from ${podInWords(primary)} to ${podInWords(next)}`,
        elements: [podElement(primary), `address/${target.namespace}/${cluster.metadata.name}-rw`],
        async inject() {
          if ((await readCluster(context)).status.targetPrimary === next.name) return;
          const patch = { status: promotion(next.name, new Date()) };
          await kubectl(target, patchCluster(target.namespace, cluster.metadata.name, patch, "status"), { signal: context.signal });
        },
        async happened() {
          const { pod } = await findPostgresPrimary(context);
          return pod.name === primary.name ? undefined : `${pod.name} says that it is primary, no longer ${primary.name}`;
        },
        heal: async () => undefined,
        async remains() {
          const { currentPrimary, targetPrimary } = (await readCluster(context)).status;
          return currentPrimary === targetPrimary ? [] : [`the switchover from ${currentPrimary} to ${targetPrimary} is not finished`];
        },
      };
    },
  };
}
