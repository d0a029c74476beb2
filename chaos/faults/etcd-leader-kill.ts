import type { Fault } from "../fault.ts";
import { parseProcesses } from "./container-processes.ts";
import { killProcesses } from "./kill-processes.ts";
import { onNode, requireNodes } from "./node-shell.ts";
import { nodeInWords, readPlatform } from "./platform.ts";

const leaderScript = "curl --silent --max-time 3 http://127.0.0.1:2381/metrics | grep -c '^etcd_server_is_leader 1$' || true";
const processScript = "ps -ww -o pid=,ppid=,stat=,args= -C etcd || true";

/** kill -9 for the member of etcd that leads: the API servers' writes wait until another does. */
export function etcdLeaderKill(): Fault {
  return {
    name: "etcd-leader-kill",
    title: "etcd's leader is killed",
    async aim(context) {
      requireNodes(context.target, "killing etcd's leader");
      const { target } = context;
      const { nodes } = await readPlatform(context);
      const members = await Promise.all(
        nodes
          .filter(({ controlPlane }) => controlPlane)
          .map(async (node) => ({ node, leads: (await onNode(target, node.name, leaderScript).catch(() => "")).trim() === "1" })),
      );
      const leader = members.find(({ leads }) => leads)?.node;
      if (leader === undefined) throw new Error("no member of etcd says that it leads");
      const processes = parseProcesses(await onNode(target, leader.name, processScript));
      if (processes.length === 0) throw new Error(`no etcd runs on ${leader.name}`);
      return killProcesses(context, {
        what: `etcd's leader on ${nodeInWords(leader)}`,
        elements: ["pod/kube-system/etcd"],
        node: leader.name,
        pods: [`kube-system/etcd-${leader.name}`],
        processes,
      });
    },
  };
}
