import { type Fault, FaultNotPossible } from "../fault.ts";
import { findEdgeHolder } from "./aim.ts";
import { newFaultId } from "./fault-id.ts";
import { networkCut } from "./network-cut.ts";
import { onNode, requireNodes } from "./node-shell.ts";
import { podElement } from "./platform.ts";

/** IP protocol of VRRP, by which the edges hear of each other. */
const vrrp = 112;

/** The edges no longer hear each other and nothing else is lost: each thinks that it is alone, and both take the virtual IP. */
export function virtualIpTwice(): Fault {
  const name = "virtual-ip-twice";
  return {
    name,
    title: "The virtual IP is claimed twice",
    async aim(context) {
      requireNodes(context.target, "keeping the edges from hearing each other");
      const { target } = context;
      const { pod, others, virtualIp } = await findEdgeHolder(context);
      if (others.length === 0) throw new FaultNotPossible("there is only one edge");
      const nodes = [pod, ...others].map(({ node }) => node);
      const holds = async (node: string) => (await onNode(target, node, "ip -4 -o address show")).includes(` ${virtualIp}/`);
      return networkCut(context, {
        id: newFaultId(name),
        what: `${virtualIp}: the edges on ${nodes.join(" and ")} hear nothing of each other`,
        elements: [`address/${virtualIp}`, ...new Set([pod, ...others].map(podElement))],
        cuts: nodes.map((node) => ({ node, drops: { input: [`ip protocol ${vrrp}`] } })),
        async evidence() {
          const holders = (await Promise.all(nodes.map(async (node) => ((await holds(node)) ? [node] : [])))).flat();
          return holders.length > 1 ? `${holders.join(" and ")} both hold ${virtualIp}` : undefined;
        },
      });
    },
  };
}
