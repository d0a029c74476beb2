import type { Fault, FaultContext } from "../fault.ts";
import { chooseNode, type NodeVictim } from "./aim.ts";
import { findKeeper } from "./control-plane-keeper.ts";
import { newFaultId } from "./fault-id.ts";
import { kubectl } from "./kubectl.ts";
import { nodeFault } from "./node-fault.ts";
import { reasonOf } from "./node-shell.ts";
import { nodeNamed, type Platform, type PodFacts, readPlatform } from "./platform.ts";

/** Pods that a drain moves: not those that belong to their node. */
export function evictable(platform: Platform, node: string): PodFacts[] {
  return platform.pods.filter((pod) => {
    return pod.node === node && !pod.finished && pod.owner !== undefined && !["DaemonSet", "Node"].includes(pod.owner.kind);
  });
}

interface Drain {
  /** Begins to evict and returns; evicting goes on in the background, as long as budgets make it. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

function drainOf(context: FaultContext, node: string): Drain {
  const { target, limitS, log } = context;
  const stop = new AbortController();
  let evicting: Promise<unknown> | undefined;
  return {
    async start() {
      await kubectl(target, ["cordon", node], { signal: context.signal });
      const args = ["drain", node, "--ignore-daemonsets", "--delete-emptydir-data", `--timeout=${Math.ceil(limitS)}s`];
      evicting ??= target
        .run("kubectl", args, { timeoutMs: limitS * 1000, signal: AbortSignal.any([stop.signal, context.signal]) })
        .catch((failure: unknown) => {
          if (!stop.signal.aborted) log(`the drain ended early: ${reasonOf(failure)}`);
        });
    },
    async stop() {
      stop.abort();
      await evicting;
    },
  };
}

/** Planned: a node is emptied for maintenance, by eviction, within the disruption budgets. */
export function nodeDrain(which: NodeVictim): Fault {
  const name = `node-drain-${which}`;
  return {
    name,
    title: `A node is drained (${which})`,
    async aim(context) {
      const { platform, node, words } = await chooseNode(context, which);
      const keeper = await findKeeper(context, platform, "draining a node");
      const leaving = evictable(platform, node.name);
      const drain = drainOf(context, node.name);
      const cordoned = async () => nodeNamed(await readPlatform(context), node.name).unschedulable;
      return nodeFault(context, {
        id: newFaultId(name),
        what: `${words}: ${leaving.length} pods to evict`,
        elements: [`node/${node.name}`],
        parts: [{ node: keeper.node, heal: keeper.command(["uncordon", node.name]) }],
        inject: () => drain.start(),
        async happened() {
          const now = await readPlatform(context);
          if (!nodeNamed(now, node.name).unschedulable) return undefined;
          const left = leaving.filter(({ uid }) => now.pods.some((pod) => pod.uid === uid && pod.node === node.name));
          return left.length > 0 ? undefined : `${node.name} is unschedulable and all ${leaving.length} pods have left it`;
        },
        heal: () => drain.stop(),
        remains: async () => ((await cordoned()) ? [`${node.name} is still unschedulable`] : []),
      });
    },
  };
}
