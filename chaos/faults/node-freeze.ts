import type { Fault } from "../fault.ts";
import { chooseNode, type NodeVictim } from "./aim.ts";
import { engineFault } from "./engine-fault.ts";
import { newFaultId } from "./fault-id.ts";
import { requireNodes } from "./node-shell.ts";

/** A node stands still: its kernel takes connections, nobody answers, and later it goes on as if nothing had been. */
export function nodeFreeze(which: NodeVictim): Fault {
  const name = `node-freeze-${which}`;
  return {
    name,
    title: `A node is frozen (${which})`,
    async aim(context) {
      requireNodes(context.target, "freezing a node");
      const { node, words } = await chooseNode(context, which);
      return engineFault(context, {
        id: newFaultId(name),
        what: words,
        elements: [`node/${node.name}`],
        nodes: [node],
        inject: (container) => ["pause", container],
        heal: (container) => ["unpause", container],
        healCalls: (container) => [{ path: `/containers/${container}/unpause` }],
        isBroken: ({ paused }) => paused,
        broken: "is still frozen",
      });
    },
  };
}
