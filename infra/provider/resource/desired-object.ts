import { annotationOf, isKubernetesObject, type KubernetesObject, type ObjectReference } from "../api/object.ts";
import { type JsonObject, objectAt, stringAt } from "../json.ts";

const timeoutAnnotation = "pulumi.com/timeoutSeconds";
const forceAnnotation = "pulumi.com/patchForce";
const propagationAnnotation = "pulumi.com/deletionPropagationPolicy";
const defaultTimeoutMs = 10 * 60_000;

/** The object that a resource's inputs describe, with the name and namespace it really has. Throws when it is no Kubernetes object. */
export function desiredObject(
  inputs: JsonObject,
  identity: { name?: string | undefined; namespace?: string | undefined } = {},
): KubernetesObject {
  const metadata: JsonObject = { ...objectAt(inputs, "metadata") };
  if (identity.name && !metadata.name) metadata.name = identity.name;
  if (identity.namespace && !metadata.namespace) metadata.namespace = identity.namespace;
  const object: JsonObject = { ...inputs, metadata };
  for (const key of Object.keys(object)) if (key.startsWith("__")) delete object[key];
  if (!isKubernetesObject(object)) throw new Error("the resource has no apiVersion, kind or metadata");
  return object;
}

/** Refers to the object the inputs describe. */
export function desiredReference(object: KubernetesObject): ObjectReference {
  return {
    apiVersion: object.apiVersion,
    kind: object.kind,
    namespace: stringAt(object, "metadata", "namespace"),
    name: stringAt(object, "metadata", "name") ?? "",
  };
}

/** When an operation must be over, as milliseconds of `Date.now()`: Pulumi's customTimeouts, else the annotation, else ten minutes. */
export function deadlineMs(object: JsonObject, timeoutSeconds: number): number {
  const annotated = Number(annotationOf(object, timeoutAnnotation));
  const chosenMs = timeoutSeconds > 0 ? timeoutSeconds * 1000 : annotated > 0 ? annotated * 1000 : defaultTimeoutMs;
  return Date.now() + chosenMs;
}

/** True when the object may take over fields of other managers. */
export function isForced(object: JsonObject, isForcedForAll: boolean): boolean {
  const annotation = annotationOf(object, forceAnnotation)?.toLowerCase();
  return annotation === undefined ? isForcedForAll : annotation === "true";
}

/** How an object's dependents go with it. Throws on an annotation that names no way. */
export function deletionPropagation(object: JsonObject): "Foreground" | "Background" | "Orphan" {
  const annotation = annotationOf(object, propagationAnnotation)?.toLowerCase() ?? "foreground";
  const known = (["Foreground", "Background", "Orphan"] as const).find((policy) => policy.toLowerCase() === annotation);
  if (!known) throw new Error(`${propagationAnnotation} must be foreground, background or orphan, not "${annotation}"`);
  return known;
}
