import type { Fault } from "../fault.ts";
import { findPostgresPrimary, runningContainer } from "./aim.ts";
import { type Process, processesOf } from "./container-processes.ts";
import { killProcesses } from "./kill-processes.ts";
import { requireNodes } from "./node-shell.ts";
import { podElement, podInWords, podName } from "./platform.ts";

export type PostgresProcess = "postgres-backend" | "postmaster";

/** A client's backend names user, database and the client's address; so does a WAL sender, which serves a standby. */
const clientBackend = /^postgres: .*\S+ \S+ [\d.]+\(\d+\)/;
const senders = /\bwalsender\b|\bstreaming_replica\b/;

/** @returns undefined when none of the container's processes is one */
export function choosePostgresProcess(processes: readonly Process[], kind: PostgresProcess): Process | undefined {
  if (kind === "postgres-backend") return processes.find(({ command }) => clientBackend.test(command) && !senders.test(command));
  // The parent of every other one; it is called by the command that it was started with.
  return processes.find(({ command }) => /^(\S*\/)?postgres(\s|$)/.test(command));
}

/** kill -9 for one backend (PostgreSQL then restarts all of them and recovers) or for the postmaster. */
export function processKill(kind: PostgresProcess): Fault {
  const title = kind === "postmaster" ? "The primary's postmaster is killed" : "A backend of the primary is killed";
  return {
    name: kind === "postmaster" ? "postmaster-kill" : "backend-kill",
    title,
    async aim(context) {
      requireNodes(context.target, "killing a process of PostgreSQL");
      const { pod } = await findPostgresPrimary(context);
      const processes = await processesOf(context.target, pod.node, runningContainer(pod, "postgres").id);
      const victim = choosePostgresProcess(processes, kind);
      if (victim === undefined)
        throw new Error(`${pod.name} has no ${kind === "postmaster" ? "postmaster" : "backend that serves a client"}`);
      return killProcesses(context, {
        what: `${kind === "postmaster" ? "the postmaster" : "one backend"} of the PostgreSQL primary ${podInWords(pod)}`,
        elements: [podElement(pod)],
        node: pod.node,
        pods: [podName(pod)],
        processes: [victim],
      });
    },
  };
}
