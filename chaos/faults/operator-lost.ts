import { z } from "zod";
import { type Fault, FaultNotPossible } from "../fault.ts";
import { operatorPods } from "./aim.ts";
import { findKeeper } from "./control-plane-keeper.ts";
import { newFaultId } from "./fault-id.ts";
import { takeAway } from "./kill-pods.ts";
import { nodeFault } from "./node-fault.ts";
import { readPlatform } from "./platform.ts";

/** No `replicas` is none. */
const scaleSchema = z.object({ spec: z.object({ replicas: z.number().default(0) }) });

/** All replicas of the PostgreSQL operator are gone, at once and for a while: what it looks after must go on without it. */
export function operatorLost(): Fault {
  const name = "operator-lost";
  return {
    name,
    title: "The PostgreSQL operator is lost",
    async aim(context) {
      const { target } = context;
      const platform = await readPlatform(context);
      const pods = operatorPods(platform);
      const [first] = pods;
      if (first?.owner?.kind !== "Deployment") throw new FaultNotPossible("this platform runs no operator as a Deployment");
      const { namespace } = first;
      const deployment = first.owner.name;
      const keeper = await findKeeper(context, platform, "taking the operator away");
      const path = `/apis/apps/v1/namespaces/${namespace}/deployments/${deployment}/scale`;
      const read = async () => scaleSchema.parse(JSON.parse(await target.askApi(path))).spec.replicas;
      const replicas = await read();
      if (replicas === 0) throw new FaultNotPossible(`${namespace}/${deployment} is scaled to nothing already`);
      const back = ["scale", "--namespace", namespace, `deployment/${deployment}`, `--replicas=${replicas}`];
      return nodeFault(context, {
        id: newFaultId(name),
        what: `${namespace}/${deployment}: all ${pods.length} replicas`,
        elements: [`operator/${namespace}/${deployment}`, `pod/${namespace}/${deployment}`],
        parts: [{ node: keeper.node, heal: keeper.command(back) }],
        async inject() {
          await target.askApi(path, { method: "PATCH", body: { spec: { replicas: 0 } }, signal: context.signal });
          await takeAway(context, pods);
        },
        async happened() {
          const left = operatorPods(await readPlatform(context));
          return left.length > 0 ? undefined : `no pod of ${namespace}/${deployment} is left`;
        },
        remains: async () => ((await read()) === replicas ? [] : [`${namespace}/${deployment} is not scaled to ${replicas} again`]),
      });
    },
  };
}
