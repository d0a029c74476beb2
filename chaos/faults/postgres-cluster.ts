import { z } from "zod";
import { type FaultContext, FaultNotPossible } from "../fault.ts";

const resource = "clusters.postgresql.cnpg.io";
const pathOf = (namespace: string) => `/apis/postgresql.cnpg.io/v1/namespaces/${namespace}/clusters`;

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
  const list = await target.askApi(pathOf(target.namespace), { signal });
  const [cluster] = z.object({ items: z.array(clusterSchema) }).parse(JSON.parse(list)).items;
  if (cluster === undefined) throw new FaultNotPossible(`CloudNativePG keeps no cluster in namespace ${target.namespace}`);
  return cluster;
}

/** A merge patch of the cluster. @throws Error when it is not taken */
export async function patchCluster({ target, signal }: FaultContext, cluster: string, body: unknown): Promise<void> {
  await target.askApi(`${pathOf(target.namespace)}/${cluster}`, { method: "PATCH", body, signal });
}

/** The same for whoever has kubectl alone: its arguments. */
export function patchArguments(namespace: string, cluster: string, patch: unknown): string[] {
  return ["patch", resource, cluster, "--namespace", namespace, "--type=merge", "--patch", JSON.stringify(patch)];
}
