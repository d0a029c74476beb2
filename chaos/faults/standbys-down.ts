import type { Fault } from "../fault.ts";
import { findPostgresStandbys, runningContainer } from "./aim.ts";
import { pidsOf, processesOf } from "./container-processes.ts";
import { newFaultId } from "./fault-id.ts";
import { type NodePart, nodeFault } from "./node-fault.ts";
import { onNode, requireNodes } from "./node-shell.ts";
import { type PodFacts, podName } from "./platform.ts";

/**
 * Bash: the freezers of the pod's control group, under cgroup v1 and v2. What is made in a frozen group is born frozen, so that a container
 * that is started anew there never runs. A uid is written with one separator or the other, by kubelet's driver.
 */
const freezersOf = `freezers_of() {
  find /sys/fs/cgroup -maxdepth 7 -type d \\( -name "*pod$1" -o -name "*pod$1.slice" -o -name "*pod\${1//-/_}.slice" \\) 2> /dev/null |
    while read -r group; do
      if [ -e "$group/freezer.state" ]; then echo "$group/freezer.state FROZEN THAWED"; fi
      if [ -e "$group/cgroup.freeze" ]; then echo "$group/cgroup.freeze 1 0"; fi
    done
}`;

/** Bash: kills every process of the container, waits until it is gone, which is when its pod is no longer ready, and freezes the pod. */
function downScript(container: string, uid: string): string {
  return `${freezersOf}
${pidsOf}
for round in $(seq 40); do
  pids=$(pids_of ${container})
  [ -n "$pids" ] || break
  for pid in $pids; do kill -9 "$pid" 2> /dev/null || true; done
  sleep 0.05
done
freezers_of ${uid} | while read -r file frozen thawed; do echo "$frozen" > "$file"; done`;
}

const thawScript = (uid: string): string => `${freezersOf}
freezers_of ${uid} | while read -r file frozen thawed; do echo "$thawed" > "$file"; done`;

const readScript = `${freezersOf}
freezers_of "$1" | while read -r file frozen thawed; do if [ "$(cat "$file")" = "$thawed" ]; then echo thawed; else echo frozen; fi; done | sort -u`;

/**
 * All PostgreSQL standbys crash and cannot start again while it lasts: the primary is alone, and everybody knows. A killed pod is made anew by
 * the operator, one after the other; a frozen one takes long to be seen as gone.
 */
export function standbysDown(): Fault {
  const name = "standbys-down";
  return {
    name,
    title: "All PostgreSQL standbys crash, and cannot start again",
    async aim(context) {
      const { target } = context;
      requireNodes(target, "killing and freezing a pod");
      const { pods, words, elements } = await findPostgresStandbys(context);
      const victims = pods.map((pod) => ({ pod, container: runningContainer(pod, "postgres").id }));
      const parts = victims.map(
        ({ pod, container }): NodePart => ({ node: pod.node, inject: downScript(container, pod.uid), heal: thawScript(pod.uid) }),
      );
      /** `frozen`, `thawed`, or both where the machine's two versions of control groups do not agree. */
      const read = async ({ node, uid }: PodFacts): Promise<string> => (await onNode(target, node, readScript, [uid])).trim();
      return nodeFault(context, {
        ...{ id: newFaultId(name), what: words, elements, pods: pods.map(podName), parts },
        async happened() {
          const left = await Promise.all(victims.map(({ pod, container }) => processesOf(target, pod.node, container)));
          const states = await Promise.all(pods.map(read));
          if (left.some((processes) => processes.length > 0) || states.some((state) => state !== "frozen")) return undefined;
          return pods.map((pod) => `no process of ${pod.name} is left, and its control group is frozen`).join("; ");
        },
        async remains() {
          const states = await Promise.all(pods.map(read));
          return pods.filter((_, index) => states[index]?.includes("frozen")).map((pod) => `${pod.name} is still frozen`);
        },
      });
    },
  };
}
