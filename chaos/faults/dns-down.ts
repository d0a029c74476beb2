import { type Fault, FaultNotPossible } from "../fault.ts";
import { dnsPods } from "./aim.ts";
import { newFaultId } from "./fault-id.ts";
import { kubectl } from "./kubectl.ts";
import { addressSet, type Drops, networkCut } from "./network-cut.ts";
import { requireNodes } from "./node-shell.ts";
import { podElement, readPlatform } from "./platform.ts";

const port = 53;

/** Questions to the cluster's DNS vanish: silence, which costs a client more time than a refusal. */
export function dnsDrops(servers: readonly string[]): Drops {
  const questions = ["udp", "tcp"].map((protocol) => `ip daddr ${addressSet(servers)} ${protocol} dport ${port}`);
  return { output: questions, forward: questions };
}

/** No name of the cluster resolves any more, on any node. */
export function dnsDown(): Fault {
  const name = "dns-down";
  return {
    name,
    title: "DNS is down",
    async aim(context) {
      requireNodes(context.target, "silencing DNS");
      const platform = await readPlatform(context);
      const [server] = dnsPods(platform);
      if (server === undefined) throw new FaultNotPossible("this platform runs no DNS of its own");
      const service = ["get", "service", "--namespace", server.namespace, "kube-dns", "--output", "jsonpath={.spec.clusterIP}"];
      const address = (await kubectl(context.target, service, { signal: context.signal })).trim();
      // All pods' ranges: a DNS pod that is made anew must be as silent.
      const ranges = platform.nodes.flatMap(({ podRange }) => podRange ?? []);
      const [asking] = platform.nodes.filter(({ controlPlane }) => !controlPlane);
      if (ranges.length === 0 || asking === undefined) throw new FaultNotPossible("the nodes do not say which addresses their pods have");
      return networkCut(context, {
        id: newFaultId(name),
        what: `DNS (${server.namespace}/kube-dns, ${address}), on every node`,
        elements: [podElement(server), `address/${server.namespace}/kube-dns`],
        cuts: platform.nodes.map((node) => ({ node: node.name, drops: dnsDrops([...ranges, address]) })),
        shut: { node: asking.name, address, port },
      });
    },
  };
}
