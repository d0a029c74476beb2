import type { Fault } from "../fault.ts";
import { findEdgeHolder, runningContainer } from "./aim.ts";
import { processesOf } from "./container-processes.ts";
import { killProcesses } from "./kill-processes.ts";
import { requireNodes } from "./node-shell.ts";
import { podElement, podInWords, podName } from "./platform.ts";

/** HAProxy and keepalived of the edge that holds the virtual IP die at once: nobody hands the address over. */
export function edgeKill(): Fault {
  return {
    name: "edge-kill",
    title: "The edge is killed",
    async aim(context) {
      requireNodes(context.target, "killing an edge's processes");
      const { pod, virtualIp } = await findEdgeHolder(context);
      const ids = ["haproxy", "keepalived"].map((name) => runningContainer(pod, name).id);
      const processes = (await Promise.all(ids.map((id) => processesOf(context.target, pod.node, id)))).flat();
      return killProcesses(context, {
        what: `HAProxy and keepalived of ${podInWords(pod)}, which holds ${virtualIp}`,
        elements: [podElement(pod), `address/${virtualIp}`],
        node: pod.node,
        pods: [podName(pod)],
        processes,
      });
    },
  };
}
