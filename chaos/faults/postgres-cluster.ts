import { z } from "zod";
import { type FaultContext, FaultNotPossible } from "../fault.ts";
import { kubectl } from "./kubectl.ts";

const resource = "clusters.postgresql.cnpg.io";

const clusterSchema = z.object({
  metadata: z.object({ name: z.string() }),
  spec: z.object({ postgresql: z.object({ parameters: z.record(z.string(), z.string()).default({}) }) }),
  status: z.object({
    currentPrimary: z.string().optional(),
    currentPrimaryTimestamp: z.string().optional(),
    targetPrimary: z.string().optional(),
    phase: z.string().optional(),
  }),
});

export type PostgresCluster = z.infer<typeof clusterSchema>;

/** @throws FaultNotPossible where CloudNativePG keeps no cluster in the namespace, Error when nobody tells */
export async function readCluster({ target, signal }: FaultContext): Promise<PostgresCluster> {
  const list = await kubectl(target, ["get", resource, "--namespace", target.namespace, "--output", "json"], { signal });
  const [cluster] = z.object({ items: z.array(clusterSchema) }).parse(JSON.parse(list)).items;
  if (cluster === undefined) throw new FaultNotPossible(`CloudNativePG keeps no cluster in namespace ${target.namespace}`);
  return cluster;
}

/** Arguments of kubectl for a merge patch of the cluster. */
export function patchCluster(namespace: string, cluster: string, patch: unknown): string[] {
  return ["patch", resource, cluster, "--namespace", namespace, "--type=merge", "--patch", JSON.stringify(patch)];
}
