import type { Fault } from "../fault.ts";
import { choosePod, type PodVictim } from "./aim.ts";
import { freezeContainers } from "./freeze-containers.ts";
import { requireNodes } from "./node-shell.ts";

/** SIGSTOP for every process of the container that does the work: its connections stay open and nobody answers on them. */
export function containerFreeze(what: PodVictim): Fault {
  const name = `container-freeze-${what}`;
  return {
    name,
    title: `A container is frozen (${what})`,
    async aim(context) {
      requireNodes(context.target, "freezing a container");
      const { pod, container, words, elements } = await choosePod(context, what);
      return freezeContainers(context, { name, what: words, elements, victims: [{ pod, container: container.name }] });
    },
  };
}
