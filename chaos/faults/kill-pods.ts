import type { AimedFault, FaultContext } from "../fault.ts";
import { kubectl } from "./kubectl.ts";
import { type PodFacts, podName, readPlatform } from "./platform.ts";

export interface PodKillPlan {
  what: string;
  elements: readonly string[];
  /** All of one namespace. */
  pods: readonly PodFacts[];
}

/** Pods are taken away by force, without their grace period. It heals as it is made: their owners make others. */
export function killPods(context: FaultContext, { what, elements, pods }: PodKillPlan): AimedFault {
  const namespace = pods[0]?.namespace ?? "";
  let killed = false;
  return {
    what,
    elements,
    pods: pods.map(podName),
    async inject() {
      // Once: their successors may have the same names.
      if (killed) return;
      killed = true;
      const force = ["--grace-period=0", "--force", "--wait=false"];
      const names = pods.map(({ name }) => name);
      await kubectl(context.target, ["delete", "pod", "--namespace", namespace, ...names, ...force], { signal: context.signal });
    },
    async happened() {
      const now = await readPlatform(context);
      const left = pods.filter(({ uid }) => now.pods.some((pod) => pod.uid === uid));
      return left.length > 0 ? undefined : `gone, or another pod: ${pods.map((pod) => `${podName(pod)} (uid ${pod.uid})`).join(", ")}`;
    },
    heal: async () => undefined,
    remains: async () => [],
  };
}
