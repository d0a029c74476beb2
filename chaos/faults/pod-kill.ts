import type { Fault } from "../fault.ts";
import { choosePod, type PodVictim } from "./aim.ts";
import { kubectl } from "./kubectl.ts";
import { podName, readPod } from "./platform.ts";

/** A pod is taken away by force, without its grace period. It heals as it is made: its owner makes another. */
export function podKill(what: PodVictim): Fault {
  return {
    name: `pod-kill-${what}`,
    title: `A pod is killed (${what})`,
    async aim(context) {
      const { target } = context;
      const { pod, words, elements } = await choosePod(context, what);
      let killed = false;
      return {
        what: words,
        elements,
        pods: [podName(pod)],
        async inject() {
          // Once: its successor may have the same name.
          if (killed) return;
          killed = true;
          const force = ["--grace-period=0", "--force", "--wait=false"];
          await kubectl(target, ["delete", "pod", "--namespace", pod.namespace, pod.name, ...force], { signal: context.signal });
        },
        async happened() {
          const now = await readPod(context, pod);
          if (now === undefined) return `${pod.namespace}/${pod.name} (uid ${pod.uid}) is gone`;
          return now.uid === pod.uid ? undefined : `${pod.namespace}/${pod.name} is another pod: uid ${now.uid} instead of ${pod.uid}`;
        },
        heal: async () => undefined,
        remains: async () => [],
      };
    },
  };
}
