/** The processes of a pod's container as its node sees them. */
import type { Target } from "../target.ts";
import { onNode } from "./node-shell.ts";

export interface Process {
  pid: number;
  parent: number;
  /** As ps says it: `T` is stopped, `D` waits for a disk. */
  state: string;
  /** `postgres: pg: record dsp 10.244.8.6(37948) idle` */
  command: string;
}

/** A bash function: the processes whose control group names the container $1. It works under cgroup v1 and v2. */
export const pidsOf = 'pids_of() { grep -ls -- "$1" /proc/[0-9]*/cgroup | cut -d/ -f3 || true; }';

/** @param lines of `ps -o pid=,ppid=,stat=,args=` */
export function parseProcesses(lines: string): Process[] {
  return lines.split("\n").flatMap((line) => {
    const [, pid, parent, state, command] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*?)\s*$/.exec(line) ?? [];
    return pid === undefined || state === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), state, command: command ?? "" }];
  });
}

/** @throws Error when the node does not answer */
export async function processesOf(target: Target, node: string, container: string): Promise<Process[]> {
  const script = `${pidsOf}
pids=$(pids_of "$1" | paste -sd,)
[ -z "$pids" ] || ps -ww -o pid=,ppid=,stat=,args= -p "$pids" || true`;
  return parseProcesses(await onNode(target, node, script, [container]));
}

/** Bash: stops every process of the containers, also those that are made meanwhile. */
export function stopScript(containers: readonly string[]): string {
  const stop = 'for pid in $(pids_of "$id"); do kill -STOP "$pid" 2> /dev/null || true; done';
  return `${pidsOf}\nfor round in 1 2 3; do for id in ${containers.join(" ")}; do ${stop}; done; done`;
}

/** Bash: lets them go on. */
export function continueScript(containers: readonly string[]): string {
  return `${pidsOf}\nfor id in ${containers.join(" ")}; do for pid in $(pids_of "$id"); do kill -CONT "$pid" 2> /dev/null || true; done; done`;
}
