import { type Fault, FaultNotPossible } from "../fault.ts";
import { chooseNode } from "./aim.ts";
import { newFaultId } from "./fault-id.ts";
import { nodeFault } from "./node-fault.ts";
import { onNode, reasonOf, requireNodes } from "./node-shell.ts";

const netem = "netem delay 100ms 20ms loss 1%";
/** In a network namespace of its own, which ends with the command: nothing of the node is touched. */
const probeScript = `unshare --net bash -euc 'ip link set lo up; tc qdisc add dev lo root ${netem}'`;
const deviceScript = `ip -4 -o address show | awk -v own="$1/" 'index($4, own) == 1 { print $2; exit }'`;

/** Packets of the PostgreSQL primary's node take 100 ms longer, and one of a hundred is lost. */
export function networkLatency(): Fault {
  const name = "network-latency";
  return {
    name,
    title: "The network of the primary's node is slow and loses packets",
    async aim(context) {
      requireNodes(context.target, "slowing a node's network down");
      const { target } = context;
      const { node, words } = await chooseNode(context, "postgres-primary");
      await onNode(target, node.name, probeScript).catch((failure: unknown) => {
        throw new FaultNotPossible(`this kernel cannot delay or lose packets (no netem): ${reasonOf(failure)}`);
      });
      const device = (await onNode(target, node.name, deviceScript, [node.address])).trim();
      const show = async () => await onNode(target, node.name, `tc -s qdisc show dev ${device} root`);
      return nodeFault(context, {
        id: newFaultId(name),
        what: `${words}: ${netem}`,
        elements: [`node/${node.name}`],
        parts: [
          {
            node: node.name,
            inject: `tc qdisc replace dev ${device} root ${netem}`,
            heal: `tc qdisc del dev ${device} root 2> /dev/null || ! tc qdisc show dev ${device} root | grep -q netem`,
          },
        ],
        async happened() {
          const text = await show();
          const sent = Number(/ (\d+) pkt/.exec(text)?.[1] ?? 0);
          return /^qdisc netem/m.test(text) && sent > 0 ? `${sent} packets of ${node.name} went through ${netem}` : undefined;
        },
        remains: async () => ((await show()).includes("netem") ? [`${node.name} still delays packets`] : []),
      });
    },
  };
}
