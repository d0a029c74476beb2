import { existsSync, writeFileSync } from "node:fs";

const shares = [
  // cgroup v1; a process outside has 1024
  { file: "/sys/fs/cgroup/cpu/docker/cpu.shares", value: "20480" },
  // cgroup v2; a group outside has 100
  { file: "/sys/fs/cgroup/docker/cpu.weight", value: "2000" },
];

/**
 * Gives the lab's containers most of the processor when it is short. The engine puts all of them into one group that by default counts as
 * much as a single process of the host: a compiler beside the lab then starves seven nodes, and their leases run out one after another.
 */
export function favourLab(): void {
  if (process.getuid?.() !== 0) return;
  for (const { file, value } of shares) if (existsSync(file)) writeFileSync(file, value);
}
