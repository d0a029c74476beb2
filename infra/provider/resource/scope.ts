import { UnknownKindError, UnreachableError } from "../api/api-error.ts";
import type { Context } from "../context.ts";
import { type JsonObject, stringAt } from "../json.ts";

/** Kinds of CustomResourceDefinitions seen in this run, by `group/kind`; the value is true for namespaced ones. */
export class DefinedKinds {
  readonly #kinds = new Map<string, boolean>();

  /** Remembers what a CustomResourceDefinition defines; anything else is passed over. */
  add(object: JsonObject): void {
    if (object.kind !== "CustomResourceDefinition") return;
    const [group, kind] = [stringAt(object, "spec", "group"), stringAt(object, "spec", "names", "kind")];
    if (group && kind) this.#kinds.set(`${group}/${kind}`, stringAt(object, "spec", "scope") !== "Cluster");
  }

  /** Whether objects of a kind have a namespace; undefined for kinds nobody defined. */
  isNamespaced(apiVersion: string, kind: string): boolean | undefined {
    return this.#kinds.get(`${apiVersion.split("/")[0]}/${kind}`);
  }
}

/** Cluster-scoped kinds of Kubernetes itself, for when no API server can be asked. */
const clusterScopedKinds = new Set(
  [
    "Namespace Node PersistentVolume ComponentStatus",
    "ClusterRole ClusterRoleBinding CustomResourceDefinition APIService",
    "MutatingWebhookConfiguration ValidatingWebhookConfiguration ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding",
    "MutatingAdmissionPolicy MutatingAdmissionPolicyBinding",
    "StorageClass CSIDriver CSINode VolumeAttachment VolumeAttributesClass",
    "PriorityClass RuntimeClass IngressClass FlowSchema PriorityLevelConfiguration CertificateSigningRequest ClusterTrustBundle",
    "DeviceClass DeviceTaintRule ResourceSlice IPAddress ServiceCIDR TokenReview SubjectAccessReview SelfSubjectAccessReview",
  ].flatMap((line) => line.split(" ")),
);

/** True when the API group is one of Kubernetes' own. */
function isBuiltIn(apiVersion: string): boolean {
  const group = apiVersion.includes("/") ? (apiVersion.split("/")[0] ?? "") : "";
  return !group.includes(".") || group.endsWith(".k8s.io");
}

/**
 * Whether objects of a kind have a namespace: as the cluster says, else as this program's own definitions say, else as Kubernetes has it.
 * Undefined when nobody knows yet.
 */
export async function isNamespaced(context: Context, apiVersion: string, kind: string): Promise<boolean | undefined> {
  const defined = context.definedKinds.isNamespaced(apiVersion, kind);
  if (defined !== undefined) return defined;
  if (!(await context.unreachable())) {
    try {
      return (await context.cluster().discovery.find(apiVersion, kind, context.signal)).isNamespaced;
    } catch (error) {
      if (!(error instanceof UnknownKindError) && !(error instanceof UnreachableError)) throw error;
    }
  }
  return isBuiltIn(apiVersion) ? !clusterScopedKinds.has(kind) : undefined;
}
