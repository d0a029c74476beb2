import { type Fault, FaultNotPossible } from "../fault.ts";
import { findRedisPrimary, redisPods } from "./aim.ts";
import { freezeContainers } from "./freeze-containers.ts";
import { requireNodes } from "./node-shell.ts";
import { podElement, podInWords } from "./platform.ts";

/** One of the three Sentinels is silent: frozen, since one that is killed is back within a second. Redis beside it goes on. */
export function sentinelLost(): Fault {
  const name = "sentinel-lost";
  return {
    name,
    title: "A Sentinel is lost",
    async aim(context) {
      requireNodes(context.target, "silencing a Sentinel");
      const { platform, pod: primary } = await findRedisPrimary(context);
      const pod = redisPods(platform).find((candidate) => candidate.name !== primary.name);
      if (pod === undefined) throw new FaultNotPossible("there is no Sentinel beside the primary's own");
      const what = `the Sentinel of ${podInWords(pod)}, whose Redis is a replica`;
      return freezeContainers(context, { name, what, elements: [podElement(pod)], victims: [{ pod, container: "sentinel" }] });
    },
  };
}
