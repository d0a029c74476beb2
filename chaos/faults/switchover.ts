import { type Fault, FaultNotPossible } from "../fault.ts";
import { findPostgresPrimary, postgresInstances } from "./aim.ts";
import { podElement, podInWords, witnessSite } from "./platform.ts";
import { type PostgresCluster, patchCluster, readCluster } from "./postgres-cluster.ts";

/** What `./dsp switchover` annotates the cluster with. */
export function moveRequest({ currentPrimary, currentPrimaryTimestamp }: PostgresCluster["status"], to: string): Record<string, string> {
  return {
    "dsp.platform/move-primary-from": `${currentPrimary} ${currentPrimaryTimestamp}`,
    "dsp.platform/move-primary-to": to,
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
          const { status } = await readCluster(context);
          if (status.currentPrimary === next.name) return;
          const patch = { metadata: { annotations: moveRequest(status, next.name) } };
          await patchCluster(context, cluster.metadata.name, patch);
        },
        async happened() {
          // Cheap, and asked first: to ask the instances takes processor time in the very moment that is measured.
          if ((await readCluster(context)).status.currentPrimary === primary.name) return undefined;
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
