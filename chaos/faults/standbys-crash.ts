import type { AimedFault, Fault } from "../fault.ts";
import { findPostgresStandbys, runningContainer } from "./aim.ts";
import { processesOf } from "./container-processes.ts";
import { killProcesses } from "./kill-processes.ts";
import { requireNodes } from "./node-shell.ts";
import { podElement, podInWords, podName } from "./platform.ts";
import { choosePostgresProcess } from "./postgres-crash.ts";

/**
 * The postmasters of all PostgreSQL standbys are killed at once: the primary is alone until they start again. Each kubelet sees to that; killed
 * pods would be made anew by the operator, one after the other, and the second not before the first follows a primary.
 */
export function standbysCrash(): Fault {
  return {
    name: "standbys-crash",
    title: "All PostgreSQL standbys crash",
    async aim(context) {
      requireNodes(context.target, "killing processes of PostgreSQL");
      const { pods, words, elements } = await findPostgresStandbys(context);
      const crashes = await Promise.all(
        pods.map(async (pod) => {
          const postmaster = choosePostgresProcess(
            await processesOf(context.target, pod.node, runningContainer(pod, "postgres").id),
            "postmaster",
          );
          if (postmaster === undefined) throw new Error(`${pod.name} has no postmaster`);
          return killProcesses(context, {
            what: podInWords(pod),
            elements: [podElement(pod)],
            node: pod.node,
            pods: [podName(pod)],
            processes: [postmaster],
          });
        }),
      );
      return together(`the postmasters of ${words}`, elements, crashes);
    },
  };
}

function together(what: string, elements: readonly string[], parts: readonly AimedFault[]): AimedFault {
  return {
    what,
    elements,
    pods: parts.flatMap(({ pods = [] }) => pods),
    async inject() {
      await Promise.all(parts.map((part) => part.inject()));
    },
    async happened() {
      const texts = await Promise.all(parts.map((part) => part.happened()));
      return texts.includes(undefined) ? undefined : texts.join("; ");
    },
    heal: async () => undefined,
    remains: async () => [],
  };
}
