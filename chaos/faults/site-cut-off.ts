import { type Fault, FaultNotPossible } from "../fault.ts";
import { chooseSite, type SiteVictim } from "./aim.ts";
import { newFaultId } from "./fault-id.ts";
import { addressesOf, dropsBetween, networkCut } from "./network-cut.ts";
import { requireNodes } from "./node-shell.ts";
import { nodeInWords, witnessSite } from "./platform.ts";

/** `both`: from both other sites. `one`: from the other full site. `outgoing`, `incoming`: from both, one way only. */
export type CutMode = "both" | "one" | "outgoing" | "incoming";

const kubeletPort = 10_250;
const modeWords: Readonly<Record<CutMode, string>> = {
  both: "cut off from the other two",
  one: "cut off from the other full site",
  outgoing: "reaches the other two no more, but is reached",
  incoming: "is reached by the other two no more, but reaches them",
};

/** A site lives and its clients reach it; what lies between it and other sites is lost. */
export function siteCutOff(which: SiteVictim, mode: CutMode): Fault {
  const name = `site-cut-off-${which}-${mode}`;
  return {
    name,
    title: `A site is cut off (${which}, ${mode})`,
    async aim(context) {
      requireNodes(context.target, "cutting a site off");
      const { platform, site, nodes, words } = await chooseSite(context, which);
      const witness = witnessSite(platform);
      const others = platform.nodes.filter((node) => node.site !== site);
      const oneSite = [...new Set(others.map((node) => node.site))].find((candidate) => candidate !== witness);
      const far = mode === "one" ? others.filter((node) => node.site === oneSite) : others;
      const [from, to] = [nodes[0], far[0]];
      if (from === undefined || to === undefined) throw new FaultNotPossible(`${site} has no other site to be cut off from`);
      const drops = dropsBetween(addressesOf(far), mode === "one" ? "both" : mode);
      return networkCut(context, {
        id: newFaultId(name),
        what: `${words}: ${modeWords[mode]} (${far.map(nodeInWords).join(", ")})`,
        elements: nodes.map((node) => `node/${node.name}`),
        cuts: nodes.map((node) => ({ node: node.name, drops })),
        shut: { node: from.name, address: to.address, port: kubeletPort },
      });
    },
  };
}
