import { type Fault, FaultNotPossible } from "../fault.ts";
import { findRedisPrimary } from "./aim.ts";
import { newFaultId } from "./fault-id.ts";
import { networkCut } from "./network-cut.ts";
import { requireNodes } from "./node-shell.ts";
import { podElement, podInWords } from "./platform.ts";

/** Redis' primary and the Sentinel beside it live on and reach nobody outside their node. */
export function redisPrimaryCutOff(): Fault {
  const name = "redis-primary-cut-off";
  return {
    name,
    title: "The Redis primary is cut off",
    async aim(context) {
      requireNodes(context.target, "cutting Redis' primary off");
      const { pod } = await findRedisPrimary(context);
      if (pod.address === undefined) throw new FaultNotPossible(`${pod.name} has no address`);
      return networkCut(context, {
        id: newFaultId(name),
        what: `the Redis primary ${podInWords(pod)}`,
        elements: [podElement(pod)],
        cuts: [{ node: pod.node, drops: { forward: [`ip saddr ${pod.address}`, `ip daddr ${pod.address}`] } }],
      });
    },
  };
}
