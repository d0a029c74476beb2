import { type Fault, FaultNotPossible } from "../fault.ts";
import { newFaultId } from "./fault-id.ts";
import { addressSet, type Drops, networkCut } from "./network-cut.ts";
import { onNode, requireNodes } from "./node-shell.ts";
import { type Platform, readPlatform } from "./platform.ts";

/** An address of documentation's (RFC 5737): nobody's. */
const somewhere = { address: "192.0.2.1", port: 443 };
/** A machine's own, its link's, and multicast. */
const notOutside = ["127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4"];

/** Everything that is none of ours. @param ours ranges of nodes, pods and Services */
export function outsideDrops(ours: readonly string[]): Drops {
  const outside = `ip daddr != ${addressSet([...ours, ...notOutside])}`;
  return { output: [outside], forward: [outside] };
}

/** The range of the Services' addresses, as the API servers were told it. */
export function serviceRangeOf({ pods }: Platform): string | undefined {
  const words = pods.flatMap(({ containers }) => containers.flatMap(({ command }) => command));
  return words.flatMap((word) => /^--service-cluster-ip-range=([\d./]+)$/.exec(word)?.[1] ?? [])[0];
}

/** @param text of `ip -4 -o address show` @returns the node's own network: `172.28.0.4/16` */
export function networkOf(text: string, address: string): string | undefined {
  return text.split(/\s+/).find((word) => word.startsWith(`${address}/`));
}

/** Registries, package servers, the whole world: nothing outside the platform answers. */
export function outsideUnreachable(): Fault {
  const name = "outside-unreachable";
  return {
    name,
    title: "Registries and all outside addresses are unreachable",
    async aim(context) {
      requireNodes(context.target, "cutting the nodes off from outside");
      const platform = await readPlatform(context);
      const [first] = platform.nodes;
      const services = serviceRangeOf(platform);
      const network = first && networkOf(await onNode(context.target, first.name, "ip -4 -o address show"), first.address);
      if (first === undefined || services === undefined || network === undefined) {
        throw new FaultNotPossible("nobody says which ranges the nodes and Services have: what is outside is not known");
      }
      const ours = [network, services, ...platform.nodes.flatMap(({ podRange }) => podRange ?? [])];
      return networkCut(context, {
        id: newFaultId(name),
        what: `everything outside ${network}, the pods' and the Services' ranges, on every node`,
        elements: ["outside/*"],
        cuts: platform.nodes.map((node) => ({ node: node.name, drops: outsideDrops(ours) })),
        shut: { node: first.name, ...somewhere },
      });
    },
  };
}
