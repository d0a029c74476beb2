import { setTimeout as delay } from "node:timers/promises";
import type { Fault, FaultContext } from "../fault.ts";
import { askPostgres, findPostgresPrimary, postgresInstances } from "./aim.ts";
import { findKeeper } from "./control-plane-keeper.ts";
import { newFaultId } from "./fault-id.ts";
import { nodeFault } from "./node-fault.ts";
import { type PodFacts, podElement, podInWords, readPlatform } from "./platform.ts";
import { patchArguments, patchCluster, readCluster } from "./postgres-cluster.ts";

/** Needs a restart of every instance, and changes nothing that anybody would feel. */
const parameter = "max_files_per_process";
const values = ["1100", "1200"] as const;

/** @param before the cluster's own value; undefined: it has none */
export function otherValue(before: string | undefined): string {
  return before === values[0] ? values[1] : values[0];
}

/** The way back takes a round of restarts too; one look waits so long for it. */
const waitMs = 45_000;
const intervalMs = 3_000;

const ownValue = async (context: FaultContext, pod: PodFacts): Promise<string> =>
  (await askPostgres(context, pod, `select current_setting('${parameter}')`)).trim();

/** @returns the instances that run with another value, or do not say */
async function withOtherValue(context: FaultContext, value: string): Promise<string[]> {
  const running = await Promise.all(
    postgresInstances(await readPlatform(context)).map(async (pod) => ({
      name: pod.name,
      own: await ownValue(context, pod).catch(() => "no value yet"),
    })),
  );
  return running.filter(({ own }) => own !== value).map(({ name, own }) => `${name} runs with ${own}`);
}

/** Planned: a setting that takes a restart is changed, and back. The operator restarts instance after instance and moves the primary. */
export function parameterChange(): Fault {
  const name = "parameter-change";
  return {
    name,
    title: "A PostgreSQL parameter that takes a restart is changed",
    async aim(context) {
      const { target } = context;
      const { platform, pod } = await findPostgresPrimary(context);
      const keeper = await findKeeper(context, platform, "changing a parameter of PostgreSQL");
      const cluster = await readCluster(context);
      const before = cluster.spec.postgresql.parameters[parameter];
      const after = otherValue(before);
      const running = await ownValue(context, pod);
      const patch = (value: string | null) => ({ spec: { postgresql: { parameters: { [parameter]: value } } } });
      const back = patchArguments(target.namespace, cluster.metadata.name, patch(before ?? null));
      return nodeFault(context, {
        id: newFaultId(name),
        what: `${parameter} of PostgreSQL cluster ${cluster.metadata.name}, whose primary is ${podInWords(pod)}, becomes ${after}`,
        elements: [podElement(pod), `address/${target.namespace}/${cluster.metadata.name}-rw`],
        // To a merge patch, null takes the parameter away.
        parts: [{ node: keeper.node, heal: keeper.command(back) }],
        inject: () => patchCluster(context, cluster.metadata.name, patch(after)),
        async happened() {
          const { pod: primary } = await findPostgresPrimary(context);
          const [value, since] = (await askPostgres(context, primary, `select current_setting('${parameter}'), pg_postmaster_start_time()`))
            .trim()
            .split("|");
          return value === after ? `${primary.name}, started ${since}, runs with ${parameter} = ${value}` : undefined;
        },
        async remains() {
          const now = (await readCluster(context)).spec.postgresql.parameters[parameter];
          if (now !== before) return [`${parameter} of the cluster is ${now ?? "not set"} instead of ${before ?? "not set"}`];
          // Whole between two restarts is not whole.
          const endMs = performance.now() + waitMs;
          for (;;) {
            const left = await withOtherValue(context, running);
            if (left.length === 0 || performance.now() >= endMs) return left;
            await delay(intervalMs);
          }
        },
      });
    },
  };
}
