import type { Fault } from "../fault.ts";
import { chooseNode, type NodeVictim } from "./aim.ts";
import { engineFault } from "./engine-fault.ts";
import { newFaultId } from "./fault-id.ts";
import { requireNodes } from "./node-shell.ts";

/** Power is cut to a node: every process of it ends at once, nothing is said to anybody. */
export function nodeKill(which: NodeVictim): Fault {
  const name = `node-kill-${which}`;
  return {
    name,
    title: `A node is killed (${which})`,
    async aim(context) {
      requireNodes(context.target, "killing a node");
      const { node, words } = await chooseNode(context, which);
      return engineFault(context, {
        id: newFaultId(name),
        what: words,
        elements: [`node/${node.name}`],
        nodes: [node],
        ...killing,
      });
    },
  };
}

/**
 * How a node is killed and started again. Its lines go first: a kernel whose processes are killed ends all their connections, which tells everybody
 * at once what a machine without power never does.
 */
export const killing = {
  before: "for device in $(ls /sys/class/net | grep ^eth); do ip link set $device down; done",
  inject: (node: string) => ["kill", node],
  heal: (node: string) => ["start", node],
  healCalls: (node: string) => [{ path: `/containers/${node}/start` }],
  isBroken: ({ running }: { running: boolean }) => !running,
  broken: "is not running",
};
