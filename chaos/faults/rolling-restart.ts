import { z } from "zod";
import { type Fault, type FaultContext, FaultNotPossible } from "../fault.ts";
import { kubectl } from "./kubectl.ts";
import { readPlatform } from "./platform.ts";

const workloadListSchema = z.object({
  items: z.array(
    z.object({
      kind: z.string(),
      metadata: z.object({ name: z.string(), namespace: z.string(), labels: z.record(z.string(), z.string()).default({}) }),
      spec: z.object({ replicas: z.number().default(1) }),
    }),
  ),
});

export interface Workload {
  kind: string;
  namespace: string;
  name: string;
  /** Its label app.kubernetes.io/name. */
  app: string | undefined;
}

/** @param json what `kubectl get deployments,statefulsets,daemonsets --output json` prints */
export function parseWorkloads(json: string): Workload[] {
  return workloadListSchema
    .parse(JSON.parse(json))
    .items.filter(({ spec }) => spec.replicas > 0)
    .map(({ kind, metadata }) => ({
      kind: kind.toLowerCase(),
      namespace: metadata.namespace,
      name: metadata.name,
      app: metadata.labels["app.kubernetes.io/name"],
    }))
    .sort((left, right) => left.name.localeCompare(right.name, "en", { numeric: true }));
}

/** By its own name or its label's: `record`, `redis`, `coredns`, `cloudnative-pg`; `edge` and `watcher` are one workload a site. */
export function workloadsOf(service: string, workloads: readonly Workload[]): Workload[] {
  return workloads.filter(({ name, app }) => name === service || app === service);
}

const inWords = ({ kind, namespace, name }: Workload) => `${kind} ${namespace}/${name}`;

/** Waits no longer than the time given. @returns whether every pod of the workload is of its newest revision and ready */
async function isRolled({ target }: FaultContext, { kind, namespace, name }: Workload, timeoutS: number): Promise<boolean> {
  const args = ["rollout", "status", `${kind}/${name}`, "--namespace", namespace, `--timeout=${timeoutS}s`];
  return target.run("kubectl", args, { timeoutMs: (timeoutS + 10) * 1000 }).then(
    () => true,
    () => false,
  );
}

/**
 * Planned: every pod of a service, or of several, is replaced by one of a new revision, as by a new version of it. Of several workloads
 * (an edge a site) one comes after the other. Once begun, Kubernetes ends it by itself: there is nothing to heal.
 */
export function rollingRestart(service: string, members: readonly string[] = [service]): Fault {
  return {
    name: `rolling-restart-${service}`,
    title: `Rolling restart and new revision of ${service}`,
    async aim(context) {
      const { target, limitS } = context;
      const listed = await kubectl(target, ["get", "deployments,statefulsets,daemonsets", "--all-namespaces", "--output", "json"]);
      const all = parseWorkloads(listed);
      const workloads = members.flatMap((member) => workloadsOf(member, all));
      if (workloads.length === 0) throw new FaultNotPossible(`this platform runs no workload called "${service}"`);
      const podsOf = async () => {
        const { pods } = await readPlatform(context);
        return pods.filter(({ namespace, owner, finished }) => {
          return !finished && workloads.some((workload) => workload.namespace === namespace && workload.name === owner?.name);
        });
      };
      const before = await podsOf();
      let begun = 0;
      return {
        what: `${workloads.map(inWords).join(", then ")}: ${before.length} pods`,
        elements: workloads.map(({ namespace, name }) => `pod/${namespace}/${name}`),
        async inject() {
          for (const [index, workload] of workloads.entries()) {
            if (index < begun) continue;
            const { kind, namespace, name } = workload;
            const last = workloads[index - 1];
            if (last !== undefined && !(await isRolled(context, last, limitS)))
              throw new Error(`${inWords(last)} was not rolled within ${limitS} s`);
            await kubectl(target, ["rollout", "restart", `${kind}/${name}`, "--namespace", namespace], { signal: context.signal });
            begun = index + 1;
          }
        },
        async happened() {
          const now = await podsOf();
          const left = before.filter(({ uid }) => now.some((pod) => pod.uid === uid));
          if (left.length > 0 || now.length === 0) return undefined;
          return `all ${before.length} pods were replaced: ${now.map(({ name }) => name).join(", ")}`;
        },
        heal: async () => undefined,
        async remains() {
          const rolled = await Promise.all(workloads.slice(0, begun).map((workload) => isRolled(context, workload, 5)));
          return workloads.filter((_, index) => rolled[index] === false).map((workload) => `${inWords(workload)} is still being rolled`);
        },
      };
    },
  };
}
