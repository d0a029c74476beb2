import type { AimedFault, FaultContext } from "../fault.ts";
import { type PodFacts, podName, readPlatform } from "./platform.ts";

export interface PodKillPlan {
  what: string;
  elements: readonly string[];
  pods: readonly PodFacts[];
}

function unlessGone(failure: unknown): void {
  if (!(failure instanceof Error && "status" in failure && failure.status === 404)) throw failure;
}

/** By force; one that is gone already will do. */
export async function takeAway({ target, signal }: FaultContext, pods: readonly PodFacts[]): Promise<void> {
  const request = { method: "DELETE", body: { gracePeriodSeconds: 0 }, signal } as const;
  const take = ({ namespace, name }: PodFacts) => target.askApi(`/api/v1/namespaces/${namespace}/pods/${name}`, request);
  await Promise.all(pods.map(async (pod) => void (await take(pod).catch(unlessGone))));
}

/** Pods are taken away by force, without their grace period. It heals as it is made: their owners make others. */
export function killPods(context: FaultContext, { what, elements, pods }: PodKillPlan): AimedFault {
  let killed = false;
  return {
    what,
    elements,
    pods: pods.map(podName),
    async inject() {
      // Once: their successors may have the same names.
      if (killed) return;
      killed = true;
      await takeAway(context, pods);
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
