import { type Fault, FaultNotPossible } from "../fault.ts";
import { findPostgresPrimary, servicePods } from "./aim.ts";
import { newFaultId } from "./fault-id.ts";
import { addressesOf, addressSet, type Drops, networkCut } from "./network-cut.ts";
import { requireNodes } from "./node-shell.ts";
import { podElement, podInWords } from "./platform.ts";

const apiServerPort = 6443;

/**
 * What cuts a pod off from other nodes and all their pods but its clients.
 * @param far addresses of the other nodes and of their pods
 * @param apiServers those that the pod reaches through its node's own proxy, so that the packets are the node's
 */
export function isolatingDrops(pod: string, far: readonly string[], clients: readonly string[], apiServers: readonly string[]): Drops {
  const others = clients.length === 0 ? "" : ` != ${addressSet(clients)}`;
  const notClients = (side: "saddr" | "daddr") => (others === "" ? "" : ` ip ${side}${others}`);
  const servers = addressSet(apiServers);
  return {
    forward: [
      `ip saddr ${pod} ip daddr ${addressSet(far)}${notClients("daddr")}`,
      `ip daddr ${pod} ip saddr ${addressSet(far)}${notClients("saddr")}`,
    ],
    output: [`ip daddr ${servers} tcp dport ${apiServerPort}`],
    input: [`ip saddr ${servers} tcp sport ${apiServerPort}`],
  };
}

/**
 * The primary goes on to serve its clients and has lost everybody else: the other instances, the watchers, the operator and all nodes of
 * other sites; its node reaches no API server but its own site's. What it acknowledges now would be lost: it must acknowledge nothing.
 */
export function primaryIsolated(): Fault {
  const name = "primary-isolated";
  return {
    name,
    title: "The primary is cut off from its peers but not from its clients",
    async aim(context) {
      requireNodes(context.target, "cutting the primary off");
      const { platform, pod } = await findPostgresPrimary(context);
      const otherSites = platform.nodes.filter(({ site }) => site !== pod.site);
      const elsewhere = platform.nodes.filter((node) => node.name !== pod.node);
      const clients = servicePods(platform, context.target.namespace).flatMap(({ address }) => address ?? []);
      const apiServers = otherSites.filter(({ controlPlane }) => controlPlane).map(({ address }) => address);
      if (pod.address === undefined || apiServers.length === 0) throw new FaultNotPossible(`${pod.name} has no peers in other sites`);
      return networkCut(context, {
        id: newFaultId(name),
        what: `the PostgreSQL primary ${podInWords(pod)}: cut off from everybody but the ${clients.length} service pods`,
        elements: [podElement(pod)],
        cuts: [{ node: pod.node, drops: isolatingDrops(pod.address, addressesOf(elsewhere), clients, apiServers) }],
      });
    },
  };
}
