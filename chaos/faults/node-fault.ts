import type { AimedFault, FaultContext } from "../fault.ts";
import { healOnNode, keepOnNode, keptOnNode } from "./kept.ts";
import { onNode, reasonOf, withEach } from "./node-shell.ts";

/** What is done in one node, as bash. Both scripts may run more than once. */
export interface NodePart {
  node: string;
  /** Left out where the fault itself is made elsewhere and this node only keeps its limit. */
  inject?: string;
  heal: string;
}

export interface NodeFaultPlan {
  id: string;
  what: string;
  elements: readonly string[];
  pods?: readonly string[];
  /** One a node. */
  parts: readonly NodePart[];
  /** After the nodes' own parts. */
  inject?(): Promise<void>;
  happened(): Promise<string | undefined>;
  /** Before the nodes' own healing. */
  heal?(): Promise<void>;
  /** Asked when the nodes keep nothing of the fault any more. */
  remains?(): Promise<string[]>;
}

/** A fault inside nodes, each of which keeps the time limit and the healing itself. Nothing is broken before all of them do. */
export function nodeFault({ target, limitS }: FaultContext, plan: NodeFaultPlan): AimedFault {
  const { id, what, elements, parts } = plan;
  const stillKept = async (node: string): Promise<string[]> => {
    try {
      return (await keptOnNode(target, node)).some((kept) => kept.id === id) ? [`${node} still holds ${id}`] : [];
    } catch (failure) {
      return [`nobody can look into ${node}: ${reasonOf(failure)}`];
    }
  };
  return {
    what,
    elements,
    ...(plan.pods === undefined ? {} : { pods: plan.pods }),
    async inject() {
      await withEach(parts, ({ node, heal }) => keepOnNode(target, node, { id, what, limitS }, heal));
      await withEach(parts, async ({ node, inject }) => inject !== undefined && (await onNode(target, node, inject)));
      await plan.inject?.();
    },
    happened: () => plan.happened(),
    async heal() {
      await plan.heal?.();
      await withEach(parts, ({ node }) => healOnNode(target, node, id));
    },
    async remains() {
      const kept = (await Promise.all(parts.map(({ node }) => stillKept(node)))).flat();
      return kept.length > 0 ? kept : ((await plan.remains?.()) ?? []);
    },
  };
}
