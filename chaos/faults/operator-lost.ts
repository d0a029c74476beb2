import { type Fault, FaultNotPossible } from "../fault.ts";
import { operatorPods } from "./aim.ts";
import { findKeeper } from "./control-plane-keeper.ts";
import { newFaultId } from "./fault-id.ts";
import { kubectl } from "./kubectl.ts";
import { nodeFault } from "./node-fault.ts";
import { readPlatform } from "./platform.ts";

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
      const read = async () => {
        const args = ["get", "deployment", "--namespace", namespace, deployment, "--output", "jsonpath={.spec.replicas}"];
        return Number(await kubectl(target, args));
      };
      const replicas = await read();
      if (replicas === 0) throw new FaultNotPossible(`${namespace}/${deployment} is scaled to nothing already`);
      const scale = (count: number) => ["scale", "--namespace", namespace, `deployment/${deployment}`, `--replicas=${count}`];
      return nodeFault(context, {
        id: newFaultId(name),
        what: `${namespace}/${deployment}: all ${pods.length} replicas`,
        elements: [`operator/${namespace}/${deployment}`, `pod/${namespace}/${deployment}`],
        parts: [{ node: keeper.node, heal: keeper.command(scale(replicas)) }],
        async inject() {
          await kubectl(target, scale(0), { signal: context.signal });
          const force = ["--grace-period=0", "--force", "--wait=false", "--ignore-not-found"];
          const names = pods.map((pod) => pod.name);
          await kubectl(target, ["delete", "pod", "--namespace", namespace, ...names, ...force], { signal: context.signal });
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
