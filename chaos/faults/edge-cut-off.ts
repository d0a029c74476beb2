import { type Fault, FaultNotPossible } from "../fault.ts";
import { findEdgeHolder } from "./aim.ts";
import { newFaultId } from "./fault-id.ts";
import { addressesOf, dropsBetween, networkCut } from "./network-cut.ts";
import { requireNodes } from "./node-shell.ts";
import { nodeNamed, podElement, podInWords } from "./platform.ts";

const kubeletPort = 10_250;

/** The edge that holds the virtual IP is reached by clients and reaches no other node: it must give the address up by itself. */
export function edgeCutOff(): Fault {
  const name = "edge-cut-off";
  return {
    name,
    title: "The edge is cut off",
    async aim(context) {
      requireNodes(context.target, "cutting an edge off");
      const { platform, pod, virtualIp } = await findEdgeHolder(context);
      const own = nodeNamed(platform, pod.node);
      const others = platform.nodes.filter(({ name: other }) => other !== own.name);
      const [far] = others.filter(({ site }) => site !== own.site);
      if (far === undefined) throw new FaultNotPossible("there is no other site");
      return networkCut(context, {
        id: newFaultId(name),
        what: `the edge that holds ${virtualIp}, ${podInWords(pod)}: its node reaches no other`,
        elements: [podElement(pod), `address/${virtualIp}`, `node/${own.name}`],
        cuts: [{ node: own.name, drops: dropsBetween(addressesOf(others), "both") }],
        shut: { node: own.name, address: far.address, port: kubeletPort },
      });
    },
  };
}
