import { existsSync, writeFileSync } from "node:fs";
import type { LabNode } from "./cluster-config.ts";

const shares = [
  // cgroup v1; a process outside has 1024
  { file: "/sys/fs/cgroup/cpu/docker/cpu.shares", value: "512" },
  // cgroup v2; a group outside has 100
  { file: "/sys/fs/cgroup/docker/cpu.weight", value: "50" },
];

/**
 * Gives the lab's containers, which the engine puts into one group, less than any thread of the kernel when the processor is short: those
 * that write for the volumes' loop devices stand outside of the group, and with as much as twice their weight they waited up to two seconds
 * for the processor, and every commit with them (docs/adr/0063). So nothing heavy may run beside the lab for long: it takes the processor
 * from seven nodes, and their leases run out one after another.
 */
export function weighLab(): void {
  if (process.getuid?.() !== 0) return;
  for (const { file, value } of shares) if (existsSync(file)) writeFileSync(file, value);
}

/**
 * A node's weight when the processor is short, as the engine counts it (1024 where nothing is said): who serves comes first, then the witness,
 * which confirms commits, then the control planes of the sites. On machines of their own none of them waits for another. With an eighth of a
 * worker's a control plane loses its leases where the processors are short for a minute (docs/adr/0063).
 */
export function processorShare({ role, site }: Pick<LabNode, "role" | "site">): number {
  if (role === "worker") return 3072;
  return site === "witness" ? 2048 : 1024;
}
