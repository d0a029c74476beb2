import { isObject, type Json, type JsonObject, stringAt } from "../json.ts";

/** An object of the Kubernetes API. */
export interface KubernetesObject extends JsonObject {
  apiVersion: string;
  kind: string;
  metadata: JsonObject;
}

/** Names one object: enough to build its URL. */
export interface ObjectReference {
  apiVersion: string;
  kind: string;
  namespace?: string | undefined;
  name: string;
}

/** True when the value has the form of an API object. */
export function isKubernetesObject(value: Json | undefined): value is KubernetesObject {
  return isObject(value) && typeof value.apiVersion === "string" && typeof value.kind === "string" && isObject(value.metadata);
}

/** An object's name, or an empty string when the server still has to make one. */
export function nameOf(object: JsonObject): string {
  return stringAt(object, "metadata", "name") ?? "";
}

/** An object's namespace; undefined for cluster-scoped ones. */
export function namespaceOf(object: JsonObject): string | undefined {
  return stringAt(object, "metadata", "namespace") || undefined;
}

/** The value of an annotation. */
export function annotationOf(object: JsonObject, name: string): string | undefined {
  return stringAt(object, "metadata", "annotations", name);
}

/** Refers to an existing object. */
export function referenceTo(object: KubernetesObject): ObjectReference {
  return { apiVersion: object.apiVersion, kind: object.kind, namespace: namespaceOf(object), name: nameOf(object) };
}

/** `namespace/name`, or `name` when there is no namespace: a resource's id in Pulumi. */
export function resourceId(object: JsonObject): string {
  const namespace = namespaceOf(object);
  return namespace ? `${namespace}/${nameOf(object)}` : nameOf(object);
}

/** Splits a resource's id. Throws when it has not the form `name` or `namespace/name`. */
export function parseResourceId(id: string): { namespace?: string; name: string } {
  const parts = id.split("/");
  const [first, second] = parts;
  if (parts.length === 1 && first) return { name: first };
  if (parts.length === 2 && first && second) return { namespace: first, name: second };
  throw new Error(`"${id}" is not the id of a Kubernetes object; it should be "name" or "namespace/name"`);
}

/** `Deployment dsp/record`, for messages. */
export function describe(reference: ObjectReference): string {
  return `${reference.kind} ${reference.namespace ? `${reference.namespace}/` : ""}${reference.name}`;
}
