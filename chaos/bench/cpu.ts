/** Processor time of whole process trees, as the kernel counts it. */
import { readdirSync, readFileSync } from "node:fs";

/** What /proc/PID/stat counts in: the same on every Linux of ours, whatever the kernel's own clock. */
const ticksPerSecond = 100;

export interface ProcessTime {
  pid: number;
  parent: number;
  /** User and system time of the process and of those children that have ended and were waited for. */
  ticks: number;
}

/** @throws Error when the text is no line of /proc/PID/stat */
export function parseStat(text: string): ProcessTime {
  // The name, in brackets, may hold brackets and spaces itself.
  const end = text.lastIndexOf(")");
  const fields = text
    .slice(end + 1)
    .trim()
    .split(/\s+/);
  // proc(5): after the name, field 3 is the state, 4 the parent, 14 to 17 the times.
  const at = (field: number) => Number(fields[field - 3]);
  const time = { pid: Number.parseInt(text, 10), parent: at(4), ticks: at(14) + at(15) + at(16) + at(17) };
  if (end < 0 || Object.values(time).some((value) => !Number.isFinite(value))) throw new Error(`no process: ${text.slice(0, 100)}`);
  return time;
}

/** A child that ends gives its time to the parent that waits for it: of a tree whose root lives on, nothing is lost. */
export function treeSeconds(processes: readonly ProcessTime[], root: number): number {
  const children = Map.groupBy(processes, ({ parent }) => parent);
  const waiting = processes.filter(({ pid }) => pid === root);
  let ticks = 0;
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    ticks += next.ticks;
    waiting.push(...(children.get(next.pid) ?? []));
  }
  return ticks / ticksPerSecond;
}

/** All processes there are now. */
function readProcesses(): ProcessTime[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [parseStat(readFileSync(`/proc/${pid}/stat`, "utf8"))];
      } catch {
        // It has just ended.
        return [];
      }
    });
}

/** The roots of what is measured apart. */
export interface MeasuredTrees {
  service: number;
  primary: number;
  standbys: readonly number[];
}

/** Processor seconds since each was started. */
export interface CpuSeconds {
  service: number;
  /** PostgreSQL's primary. */
  primary: number;
  /** All standbys together. */
  standbys: number;
}

export function readCpu(trees: MeasuredTrees): CpuSeconds {
  const processes = readProcesses();
  const of = (root: number) => treeSeconds(processes, root);
  const standbys = trees.standbys.reduce((sum, root) => sum + of(root), 0);
  return { service: of(trees.service), primary: of(trees.primary), standbys };
}

/** Processor milliseconds that one request cost. */
export interface CpuPerRequest {
  serviceMs: number;
  primaryMs: number;
  standbysMs: number;
  totalMs: number;
}

/** @returns undefined where nothing was asked */
export function cpuPerRequest(before: CpuSeconds, after: CpuSeconds, requests: number): CpuPerRequest | undefined {
  if (requests <= 0) return undefined;
  const msOf = (part: keyof CpuSeconds) => ((after[part] - before[part]) * 1_000) / requests;
  const [serviceMs, primaryMs, standbysMs] = [msOf("service"), msOf("primary"), msOf("standbys")];
  return { serviceMs, primaryMs, standbysMs, totalMs: serviceMs + primaryMs + standbysMs };
}

/** Cores that were busy between two readings. */
export function busyCores(before: CpuSeconds, after: CpuSeconds, elapsedMs: number): number {
  const total = ({ service, primary, standbys }: CpuSeconds) => service + primary + standbys;
  return elapsedMs <= 0 ? 0 : ((total(after) - total(before)) * 1_000) / elapsedMs;
}
