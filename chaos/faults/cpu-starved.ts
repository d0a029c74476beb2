import type { Fault } from "../fault.ts";
import { chooseNode } from "./aim.ts";
import { engineFault } from "./engine-fault.ts";
import { newFaultId } from "./fault-id.ts";
import { onNode, requireNodes } from "./node-shell.ts";

/** A tenth of one core for a whole node. */
const periodUs = 100_000;
const quotaUs = 10_000;

/** Reads how often the node's processes had to wait for the processor: cgroup v1, else v2. */
const throttledScript = "cat /sys/fs/cgroup/cpu/cpu.stat 2> /dev/null || cat /sys/fs/cgroup/cpu.stat";

/** @param text a cgroup's cpu.stat @returns how many periods its processes were held in */
export function throttledPeriods(text: string): number {
  return Number(/^nr_throttled (\d+)$/m.exec(text)?.[1] ?? 0);
}

/** A node gets a tenth of a core, kubelet and all: everything on it lives and is slow. The other nodes keep theirs. */
export function cpuStarved(where: "postgres-primary" | "edge-holder" | "worker"): Fault {
  const name = `cpu-starved-${where}`;
  return {
    name,
    title: `A node gets a tenth of a core (${where})`,
    async aim(context) {
      requireNodes(context.target, "starving a node of processor time");
      const { target } = context;
      const { node, words } = await chooseNode(context, where);
      const before = throttledPeriods(await onNode(target, node.name, throttledScript));
      const quota = (us: number) => ["update", "--cpu-period", String(periodUs), "--cpu-quota", String(us)];
      return engineFault(context, {
        id: newFaultId(name),
        what: words,
        elements: [`node/${node.name}`],
        nodes: [node],
        inject: (container) => [...quota(quotaUs), container],
        heal: (container) => [...quota(-1), container],
        healCalls: (container) => [{ path: `/containers/${container}/update`, body: { CpuPeriod: periodUs, CpuQuota: -1 } }],
        isBroken: ({ cpuQuota }) => cpuQuota === quotaUs,
        broken: "still gets a tenth of a core",
        async evidence() {
          const held = throttledPeriods(await onNode(target, node.name, throttledScript)) - before;
          return held > 0 ? `the kernel held the processes of ${node.name} back in ${held} periods of ${periodUs / 1000} ms` : undefined;
        },
      });
    },
  };
}
