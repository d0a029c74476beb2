import type { AimedFault, Fault } from "../fault.ts";
import { findPostgresStandbys, runningContainer } from "./aim.ts";
import { processesOf } from "./container-processes.ts";
import { killProcesses } from "./kill-processes.ts";
import { onNode, requireNodes, withEach } from "./node-shell.ts";
import { podElement, podInWords, podName } from "./platform.ts";
import { choosePostgresProcess } from "./postgres-crash.ts";

/**
 * Kills what PostgreSQL's postmaster of the pod ($1, its uid) is at the moment, again and again for $2 seconds: the bound is the node's own.
 * The uid is in the path of the process' group, with one separator or the other.
 */
const holdDown = `end=$(($(date +%s) + $2))
while [ "$(date +%s)" -lt "$end" ]; do
  for pid in $(ps -ww -e -o pid=,args= | awk '$2 == "postgres" && $3 == "-D" { print $1 }'); do
    if grep -q -e "$1" -e "\${1//-/_}" "/proc/$pid/cgroup" 2> /dev/null; then kill -9 "$pid" 2> /dev/null || true; fi
  done
  sleep 0.2
done`;

/**
 * The postmasters of all PostgreSQL standbys are killed at once, and again as they start: the primary is alone for so long. Each kubelet starts
 * them again by itself; killed pods would be made anew by the operator, one after the other, and the second not before the first follows a
 * primary.
 */
export function standbysCrash(seconds: number): Fault {
  return {
    name: "standbys-crash",
    title: "All PostgreSQL standbys crash, again and again",
    async aim(context) {
      const { target } = context;
      requireNodes(target, "killing processes of PostgreSQL");
      const { pods, words, elements } = await findPostgresStandbys(context);
      const crashes = await Promise.all(
        pods.map(async (pod): Promise<AimedFault> => {
          const postmaster = choosePostgresProcess(await processesOf(target, pod.node, runningContainer(pod, "postgres").id), "postmaster");
          if (postmaster === undefined) throw new Error(`${pod.name} has no postmaster`);
          const { node, uid } = pod;
          const once = killProcesses(context, {
            what: podInWords(pod),
            elements: [podElement(pod)],
            node,
            pods: [podName(pod)],
            processes: [postmaster],
          });
          const inject = async (): Promise<void> => {
            await once.inject();
            await onNode(target, node, holdDown, [uid, String(seconds)]);
          };
          return { ...once, inject };
        }),
      );
      return together(`the postmasters of ${words}, for ${seconds} s`, elements, crashes);
    },
  };
}

function together(what: string, elements: readonly string[], parts: readonly AimedFault[]): AimedFault {
  return {
    what,
    elements,
    pods: parts.flatMap(({ pods = [] }) => pods),
    inject: () => withEach(parts, (part) => part.inject()),
    async happened() {
      const texts = await Promise.all(parts.map((part) => part.happened()));
      return texts.includes(undefined) ? undefined : texts.join("; ");
    },
    heal: async () => undefined,
    remains: async () => [],
  };
}
