import type { AimedFault, FaultContext } from "../fault.ts";
import { type Process, parseProcesses } from "./container-processes.ts";
import { onNode } from "./node-shell.ts";

export interface KillPlan {
  what: string;
  elements: readonly string[];
  node: string;
  pods: readonly string[];
  processes: readonly Process[];
}

/** kill -9 for processes of a node. It heals as it is made: what the platform starts anew has another number. */
export function killProcesses({ target }: FaultContext, { what, elements, node, pods, processes }: KillPlan): AimedFault {
  const pids = processes.map(({ pid }) => pid);
  let killed = false;
  return {
    what,
    elements,
    pods,
    async inject() {
      // Once: later the number may be another process'.
      if (killed) return;
      killed = true;
      await onNode(target, node, 'for pid in "$@"; do kill -9 "$pid" 2> /dev/null || true; done', pids.map(String));
    },
    async happened() {
      if (!killed) return undefined;
      const left = parseProcesses(await onNode(target, node, `ps -ww -o pid=,ppid=,stat=,args= -p ${pids.join(",")} || true`));
      // A backend's command changes with what it does; its number and parent do not.
      const alive = left.filter(({ pid, parent, state }) => {
        return !state.startsWith("Z") && processes.some((process) => process.pid === pid && process.parent === parent);
      });
      return alive.length > 0 ? undefined : `gone from ${node}: ${processes.map(({ pid, command }) => `${pid} (${command})`).join(", ")}`;
    },
    heal: async () => undefined,
    remains: async () => [],
  };
}
