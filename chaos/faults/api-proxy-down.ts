import { type Fault, FaultNotPossible } from "../fault.ts";
import { chooseNode } from "./aim.ts";
import { newFaultId } from "./fault-id.ts";
import { kubectl } from "./kubectl.ts";
import { nodeFault } from "./node-fault.ts";
import { onNode, requireNodes } from "./node-shell.ts";

const unit = "dsp-api-proxy.service";
const answerScript = 'timeout 2 bash -c "exec 3<> /dev/tcp/$1/443" 2> /dev/null && echo answers || echo silent';

/** One node's own way to the API servers dies: kubelet and pods of that node ask in vain. */
export function apiProxyDown(): Fault {
  const name = "api-proxy-down";
  return {
    name,
    title: "A node's API proxy is down",
    async aim(context) {
      requireNodes(context.target, "stopping a node's API proxy");
      const { target } = context;
      const { node, words } = await chooseNode(context, "postgres-primary");
      const service = ["get", "service", "kubernetes", "--namespace", "default", "--output", "jsonpath={.spec.clusterIP}"];
      const address = (await kubectl(target, service, { signal: context.signal })).trim();
      const state = (await onNode(target, node.name, `systemctl is-active ${unit} || true`)).trim();
      if (state !== "active") throw new FaultNotPossible(`${node.name} runs no API proxy of its own (${unit} is ${state})`);
      const answer = async () => (await onNode(target, node.name, answerScript, [address])).trim();
      return nodeFault(context, {
        id: newFaultId(name),
        what: `the API proxy of ${words}`,
        elements: ["address/default/kubernetes"],
        parts: [
          {
            node: node.name,
            inject: `systemctl kill --signal=KILL ${unit} || true; systemctl stop ${unit}`,
            heal: `systemctl reset-failed ${unit} 2> /dev/null || true; systemctl start ${unit}`,
          },
        ],
        happened: async () => ((await answer()) === "silent" ? `${address}:443 does not answer on ${node.name}` : undefined),
        remains: async () => ((await answer()) === "silent" ? [`${address}:443 does not answer on ${node.name}`] : []),
      });
    },
  };
}
