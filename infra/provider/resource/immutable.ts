import type { ApiError } from "../api/api-error.ts";
import { type JsonObject, type Path, valueAt } from "../json.ts";
import { parseServerPath, startsWith } from "../property-path.ts";
import type { Change } from "./changes.ts";

/** Another value of these is another object. */
const identity: Path[] = [["kind"], ["metadata", "name"], ["metadata", "namespace"]];

const jobFields: Path[] = [
  ["spec", "selector"],
  ["spec", "template"],
  ["spec", "completionMode"],
  ["spec", "podReplacementPolicy"],
];
const claimFields: Path[] = ["accessModes", "selector", "storageClassName", "volumeMode", "volumeName", "dataSource", "dataSourceRef"].map(
  (field) => ["spec", field],
);
const statefulSetFields: Path[] = ["selector", "serviceName", "podManagementPolicy", "volumeClaimTemplates"].map((field) => [
  "spec",
  field,
]);

/**
 * Fields that cannot change, by `group/kind` (https://kubernetes.io/docs/reference/kubernetes-api, "immutable"). The server is asked as
 * well: this table is for previews in which it cannot be, because a value is unknown or the cluster is out of reach.
 */
const immutableFields: Record<string, Path[]> = {
  "apps/Deployment": [["spec", "selector"]],
  "apps/DaemonSet": [["spec", "selector"]],
  "apps/ReplicaSet": [["spec", "selector"]],
  "apps/StatefulSet": statefulSetFields,
  "batch/Job": jobFields,
  "/PersistentVolumeClaim": claimFields,
  "/PersistentVolume": [
    ["spec", "volumeMode"],
    ["spec", "csi"],
    ["spec", "local"],
    ["spec", "hostPath"],
    ["spec", "nfs"],
  ],
  "/Service": [
    ["spec", "clusterIP"],
    ["spec", "clusterIPs"],
  ],
  "/Secret": [["type"]],
  "storage.k8s.io/StorageClass": [["provisioner"], ["parameters"], ["reclaimPolicy"], ["volumeBindingMode"]],
  "rbac.authorization.k8s.io/RoleBinding": [["roleRef"]],
  "rbac.authorization.k8s.io/ClusterRoleBinding": [["roleRef"]],
  "scheduling.k8s.io/PriorityClass": [["value"], ["preemptionPolicy"]],
  "node.k8s.io/RuntimeClass": [["handler"]],
  "networking.k8s.io/IngressClass": [["spec", "controller"]],
  "apiextensions.k8s.io/CustomResourceDefinition": [
    ["spec", "group"],
    ["spec", "scope"],
    ["spec", "names", "kind"],
    ["spec", "names", "plural"],
  ],
};

/** What else decides whether a ConfigMap or Secret is replaced. */
export interface ContentPolicy {
  /** The object's name was made by Pulumi, so a new one stands beside the old and what refers to it rolls over. */
  isAutonamed: boolean;
  /** The provider was told to change contents in place. */
  isMutable: boolean;
}

/** The changes that ask for another object whatever the server says: another name, or contents that are to roll over. */
export function certainReplacements(before: JsonObject, after: JsonObject, changes: readonly Change[], policy: ContentPolicy): Change[] {
  const fields = [...identity];
  const isContent = groupAndKind(after) === "/ConfigMap" || groupAndKind(after) === "/Secret";
  if (isContent && before.immutable === true) fields.push(["data"], ["binaryData"], ["stringData"], ["immutable"]);
  if (isContent && policy.isAutonamed && !policy.isMutable) fields.push(["data"], ["binaryData"], ["stringData"]);
  const group = changesGroup(before, after) ? changes.filter((change) => change.path[0] === "apiVersion") : [];
  return [...changes.filter((change) => fields.some((field) => startsWith(change.path, field))), ...group];
}

/** The changes that Kubernetes is known to refuse. */
export function knownImmutable(before: JsonObject, after: JsonObject, changes: readonly Change[]): Change[] {
  const fields = immutableFields[groupAndKind(after)] ?? [];
  const kind = String(after.kind ?? "");
  return changes.filter((change) => fields.some((field) => startsWith(change.path, field)) && matters(change, before, kind));
}

/** Giving a Service the address it has, or leaving an address to the server, is no new Service. */
function matters(change: Change, before: JsonObject, kind: string): boolean {
  if (kind !== "Service") return true;
  return change.kind === "update" && !["", undefined].includes(valueAt(before, change.path) as string | undefined);
}

/** True when a change of apiVersion goes to another API group, not only to another version. */
export function changesGroup(before: JsonObject, after: JsonObject): boolean {
  return groupOf(String(before.apiVersion ?? "")) !== groupOf(String(after.apiVersion ?? ""));
}

function groupAndKind(object: JsonObject): string {
  return `${groupOf(String(object.apiVersion ?? ""))}/${String(object.kind ?? "")}`;
}

function groupOf(apiVersion: string): string {
  return apiVersion.includes("/") ? (apiVersion.split("/")[0] ?? "") : "";
}

/** How the API server says that a field cannot change. */
const immutableMessage =
  /field is immutable|is immutable|immutable after creation|updates to .+ spec for fields other than|may not change once set|cannot be changed|cannot change|can not be changed|cannot update|may not be (changed|updated)|updates .* are forbidden|pod updates may not change/i;

/** True when the server refused an update because a field cannot change. */
export function isImmutableRefusal(error: ApiError): boolean {
  if (error.status !== 422 && error.status !== 403) return false;
  return error.causes.length > 0
    ? error.causes.some((cause) => immutableMessage.test(cause.message))
    : immutableMessage.test(error.message);
}

/** The changes that the server's refusal speaks of; all changes below `spec` (else all) when it names none of them. */
export function refusedChanges(error: ApiError, changes: readonly Change[]): Change[] {
  const fields = error.causes.filter((cause) => immutableMessage.test(cause.message)).map((cause) => parseServerPath(cause.field));
  const named = changes.filter((change) => fields.some((field) => startsWith(change.path, field) || startsWith(field, change.path)));
  if (named.length > 0) return named;
  const inSpec = changes.filter((change) => change.path[0] === "spec");
  return inSpec.length > 0 ? inSpec : [...changes];
}
