import type { Fault } from "../fault.ts";
import { choosePod, type PodVictim } from "./aim.ts";
import { killPods } from "./kill-pods.ts";

/** One pod is killed. */
export function podKill(what: PodVictim): Fault {
  return {
    name: `pod-kill-${what}`,
    title: `A pod is killed (${what})`,
    async aim(context) {
      const { pod, words, elements } = await choosePod(context, what);
      return killPods(context, { what: words, elements, pods: [pod] });
    },
  };
}
