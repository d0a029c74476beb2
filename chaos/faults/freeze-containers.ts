import type { AimedFault, FaultContext } from "../fault.ts";
import { runningContainer } from "./aim.ts";
import { continueScript, type Process, processesOf, stopScript } from "./container-processes.ts";
import { newFaultId } from "./fault-id.ts";
import { type NodePart, nodeFault } from "./node-fault.ts";
import { type PodFacts, podName } from "./platform.ts";

export interface FreezePlan {
  name: string;
  what: string;
  elements: readonly string[];
  victims: readonly { pod: PodFacts; container: string }[];
}

const isStopped = ({ state }: Process) => state.startsWith("T");

/** @throws Error when one of the containers does not run */
export function freezeContainers(context: FaultContext, { name, what, elements, victims }: FreezePlan): AimedFault {
  const { target } = context;
  const frozen = victims.map(({ pod, container }) => ({
    node: pod.node,
    pod: pod.name,
    container,
    id: runningContainer(pod, container).id,
  }));
  const nodes = [...new Set(frozen.map(({ node }) => node))];
  const parts = nodes.map((node): NodePart => {
    const ids = frozen.filter((victim) => victim.node === node).map(({ id }) => id);
    return { node, inject: stopScript(ids), heal: continueScript(ids) };
  });
  const read = () =>
    Promise.all(frozen.map(async (victim) => ({ ...victim, processes: await processesOf(target, victim.node, victim.id) })));
  return nodeFault(context, {
    id: newFaultId(name),
    what,
    elements,
    pods: victims.map(({ pod }) => podName(pod)),
    parts,
    async happened() {
      const seen = await read();
      // A probe's process may be born after the others were stopped: the container's own are what counts.
      if (!seen.every(({ processes }) => processes.some(isStopped) && processes[0] !== undefined && isStopped(processes[0])))
        return undefined;
      return seen
        .map(({ pod, container, processes }) => {
          return `${processes.filter(isStopped).length} of ${processes.length} processes of ${pod} (${container}) are in state T`;
        })
        .join("; ");
    },
    async remains() {
      return (await read())
        .filter(({ processes }) => processes.some(isStopped))
        .map(({ pod, container }) => `${pod} (${container}) still has stopped processes`);
    },
  });
}
