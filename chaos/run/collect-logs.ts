/** Brings what the platform's parts logged around a fault into the run's folder: what the longest stall was made of is read from there. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Target } from "../target.ts";

export type LogSource = "watcher" | "operator" | "postgres" | "redis" | "edge" | "service";

interface LogPlace {
  /** The target's own namespace where none is named. */
  namespace?: string;
  /** Read side by side: of one selector kubectl reads a container after the other. */
  selectors: readonly string[];
  /** Its containers start anew in their pod: what they said before is wanted too. */
  restarts?: boolean;
}

const places: Record<LogSource, LogPlace> = {
  watcher: { selectors: ["app.kubernetes.io/name=watcher"] },
  operator: { namespace: "cnpg-system", selectors: ["app.kubernetes.io/name=cloudnative-pg"] },
  postgres: { selectors: ["cnpg.io/cluster=pg,cnpg.io/podRole=instance"], restarts: true },
  redis: { selectors: ["app.kubernetes.io/name=redis"] },
  edge: { namespace: "dsp-edge", selectors: ["app.kubernetes.io/name=edge"] },
  service: {
    selectors: ["record", "identity", "registry", "exchange", "portal"].map(
      (name) => `app.kubernetes.io/component=service,app.kubernetes.io/name=${name}`,
    ),
  },
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
  const collect = async (source: LogSource, { namespace = target.namespace, selectors, restarts = false }: LogPlace): Promise<void> => {
    const read = (selector: string, more: readonly string[]): Promise<string> => {
      const args = [
        "logs",
        "--namespace",
        namespace,
        "--selector",
        selector,
        "--all-containers",
        "--prefix",
        "--timestamps",
        "--ignore-errors",
      ];
      args.push("--tail", "-1", "--max-log-requests", podsMax, "--since-time", since, ...more);
      return target.run("kubectl", args, { timeoutMs: toolTimeoutMs }).catch((failure: Error) => `not collected: ${failure.message}\n`);
    };
    const previous = restarts ? selectors.map((selector) => read(selector, ["--previous"])) : [];
    const texts = await Promise.all([...previous, ...selectors.map((selector) => read(selector, []))]);
    writeFileSync(logFile(folder, source), texts.join("").slice(-textMax));
  };
  await Promise.all(Object.entries(places).map(([source, place]) => collect(source as LogSource, place)));
}
