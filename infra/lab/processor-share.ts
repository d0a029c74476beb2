import { existsSync, writeFileSync } from "node:fs";
import type { LabNode } from "./cluster-config.ts";

const shares = [
  // cgroup v1; a process outside has 1024
  { file: "/sys/fs/cgroup/cpu/docker/cpu.shares", value: "2048" },
  // cgroup v2; a group outside has 100
  { file: "/sys/fs/cgroup/docker/cpu.weight", value: "200" },
];

/**
 * Gives the lab's containers more of the processor when it is short. The engine puts all of them into one group that by default counts as
 * much as a single process of the host: a compiler beside the lab then starves seven nodes, and their leases run out one after another.
 * Not much more, since the kernel's own threads stand outside of it too: at twenty times as much the volumes' loop devices and their
 * journals waited for the processor, and an fsync of a busy lab took half a second (docs/adr/0063).
 */
export function favourLab(): void {
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
