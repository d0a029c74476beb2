import type { Fault } from "../fault.ts";
import { chooseSite, type SiteVictim } from "./aim.ts";
import { engineFault } from "./engine-fault.ts";
import { newFaultId } from "./fault-id.ts";
import { killing } from "./node-kill.ts";
import { requireNodes } from "./node-shell.ts";

/** A building is lost: all its nodes are killed at the same moment. */
export function siteKill(which: SiteVictim): Fault {
  const name = `site-kill-${which}`;
  return {
    name,
    title: `A whole site is killed (${which})`,
    async aim(context) {
      requireNodes(context.target, "killing a site");
      const { nodes, words } = await chooseSite(context, which);
      const elements = nodes.map((node) => `node/${node.name}`);
      return engineFault(context, { id: newFaultId(name), what: words, elements, nodes, ...killing });
    },
  };
}
