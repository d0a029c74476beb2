/** Brings what the platform's parts logged around a fault into the run's folder: what the longest stall was made of is read from there. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Target } from "../target.ts";

export type LogSource = "watcher" | "operator" | "postgres" | "redis" | "edge" | "service";

interface LogPlace {
  /** The target's own namespace where none is named. */
  namespace?: string;
  selector: string;
  /** Its containers start anew in their pod: what they said before is wanted too. */
  restarts?: boolean;
}

const places: Record<LogSource, LogPlace> = {
  watcher: { selector: "app.kubernetes.io/name=watcher" },
  operator: { namespace: "cnpg-system", selector: "app.kubernetes.io/name=cloudnative-pg" },
  postgres: { selector: "cnpg.io/cluster=pg,cnpg.io/podRole=instance", restarts: true },
  redis: { selector: "app.kubernetes.io/name=redis" },
  edge: { namespace: "dsp-edge", selector: "app.kubernetes.io/name=edge" },
  service: { selector: "app.kubernetes.io/component=service" },
};

const toolTimeoutMs = 30_000;
const podsMax = "20";
/** Megabytes of debug lines help nobody. */
const textMax = 8 * 1024 * 1024;

export function logFile(folder: string, source: LogSource): string {
  return join(folder, "logs", `${source}.log`);
}

/**
 * Each line begins with the pod and the container (`[pod/pg-1/postgres]`) and the kubelet's time.
 * A part whose logs cannot be had leaves a file that says why: the drill is judged without them.
 */
export async function collectLogs(target: Target, folder: string, sinceMs: number): Promise<void> {
  mkdirSync(join(folder, "logs"), { recursive: true });
  const since = new Date(sinceMs).toISOString();
  // One after another: the platform has just recovered and needs its processors.
  for (const [source, { namespace, selector, restarts = false }] of Object.entries(places) as [LogSource, LogPlace][]) {
    const args = [
      "logs",
      "--namespace",
      namespace ?? target.namespace,
      "--selector",
      selector,
      "--all-containers",
      "--prefix",
      "--timestamps",
    ];
    args.push("--ignore-errors", "--tail", "-1", "--max-log-requests", podsMax, "--since-time", since);
    const read = (more: readonly string[]): Promise<string> =>
      target
        .run("kubectl", [...args, ...more], { timeoutMs: toolTimeoutMs })
        .catch((failure: Error) => `not collected: ${failure.message}\n`);
    const text = `${restarts ? await read(["--previous"]) : ""}${await read([])}`;
    writeFileSync(logFile(folder, source), text.slice(-textMax));
  }
}
