import { type KubernetesObject, namespaceOf } from "../api/object.ts";
import type { Context } from "../context.ts";
import { type JsonObject, listAt, stringAt } from "../json.ts";

/** Kinds through which an object may own pods. */
const intermediateKinds = [
  { apiVersion: "apps/v1", kind: "Deployment" },
  { apiVersion: "apps/v1", kind: "StatefulSet" },
  { apiVersion: "apps/v1", kind: "DaemonSet" },
  { apiVersion: "apps/v1", kind: "ReplicaSet" },
  { apiVersion: "batch/v1", kind: "Job" },
];

/** The pods that an object owns, itself or through workloads of its own: how one sees into a custom resource. */
export async function ownedPods(context: Context, owner: KubernetesObject): Promise<JsonObject[]> {
  const namespace = namespaceOf(owner);
  if (!namespace) return [];
  const list = (kind: { apiVersion: string; kind: string }) => context.cluster().list({ ...kind, namespace }, {}, context.signal);
  const [pods, ...workloads] = await Promise.all([{ apiVersion: "v1", kind: "Pod" }, ...intermediateKinds].map(list));
  return ownedBy(stringAt(owner, "metadata", "uid") ?? "", workloads.flat(), pods ?? []);
}

/** The pods whose chain of owners, through the workloads, leads to an object of this uid. */
export function ownedBy(uid: string, workloads: readonly JsonObject[], pods: readonly JsonObject[]): JsonObject[] {
  const uids = new Set([uid]);
  const isOwned = (object: JsonObject) =>
    listAt(object, "metadata", "ownerReferences").some((owner) => uids.has(stringAt(owner, "uid") ?? ""));
  for (let found = -1; found !== uids.size; ) {
    found = uids.size;
    for (const workload of workloads) if (isOwned(workload)) uids.add(stringAt(workload, "metadata", "uid") ?? "");
  }
  return pods.filter(isOwned);
}
