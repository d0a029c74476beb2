import type { Fault } from "../fault.ts";
import { findRedisPrimary, runningContainer } from "./aim.ts";
import { processesOf } from "./container-processes.ts";
import { killProcesses } from "./kill-processes.ts";
import { requireNodes } from "./node-shell.ts";
import { podElement, podInWords, podName } from "./platform.ts";

/** kill -9 for the primary's Redis: no farewell to clients, replicas or Sentinels. */
export function redisPrimaryKill(): Fault {
  return {
    name: "redis-primary-kill",
    title: "The Redis primary is killed",
    async aim(context) {
      requireNodes(context.target, "killing a process of Redis");
      const { pod } = await findRedisPrimary(context);
      const processes = await processesOf(context.target, pod.node, runningContainer(pod, "redis").id);
      const servers = processes.filter(({ command }) => /^(\S*\/)?redis-server\b/.test(command));
      if (servers.length === 0) throw new Error(`no redis-server runs in ${pod.name}`);
      return killProcesses(context, {
        what: `redis-server of the Redis primary ${podInWords(pod)}`,
        elements: [podElement(pod)],
        node: pod.node,
        pods: [podName(pod)],
        processes: servers,
      });
    },
  };
}
