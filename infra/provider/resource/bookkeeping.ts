import { createHash } from "node:crypto";
import type { KubernetesObject } from "../api/object.ts";
import { isObject, type Json, type JsonObject, type Path, stringAt } from "../json.ts";
import { type PropertyValues, unknownValue } from "../protocol/property-values.ts";
import { alwaysSecretPaths, pathsOfTexts, secretTexts } from "./secret-text.ts";

/** What is kept beside the live object in a resource's state; the official provider uses the same keys. */
const inputsKey = "__inputs";
const fieldManagerKey = "__fieldManager";
const initialApiVersionKey = "__initialApiVersion";

/** A resource's outputs: plain JSON and which places of it are secret. */
export interface Outputs {
  value: JsonObject;
  secretPaths: Path[];
}

/** The name under which a resource's fields are owned: one for each resource, the same at every try. */
export function newFieldManager(urn: string): string {
  return `pulumi-kubernetes-${createHash("sha256").update(urn).digest("hex").slice(0, 8)}`;
}

/** The field manager that the state names, or a new one. */
export function fieldManagerOf(state: JsonObject, urn: string): string {
  return stringAt(state, fieldManagerKey) ?? newFieldManager(urn);
}

/** The inputs that the state keeps, for callers that are not sent them. */
export function inputsOf(state: JsonObject): JsonObject {
  const inputs = state[inputsKey];
  return isObject(inputs) ? inputs : {};
}

/** Makes the outputs of a live object. The list of field managers, long and of no use to a program, is left out. */
export function outputsOf(live: KubernetesObject, inputs: PropertyValues, fieldManager: string): Outputs {
  const { managedFields: _, ...metadata } = live.metadata;
  const value: JsonObject = {
    ...live,
    metadata,
    [inputsKey]: inputs.value,
    [initialApiVersionKey]: live.apiVersion,
    [fieldManagerKey]: fieldManager,
  };
  const always = alwaysSecretPaths(inputs.value);
  const texts = new Set(secretTexts(inputs.value, [...inputs.secretPaths, ...always]));
  const secretPaths: Path[] = [
    ...inputs.secretPaths,
    ...alwaysSecretPaths(live),
    ...pathsOfTexts({ ...live, metadata }, texts),
    ...[...inputs.secretPaths, ...always].map((path): Path => [inputsKey, ...path]),
  ];
  return { value, secretPaths };
}

/** The outputs a preview shows for an object that does not exist yet: what only its creation tells is unknown. */
export function previewOfCreation(object: KubernetesObject, inputs: PropertyValues, fieldManager: string): Outputs {
  const { status: _, ...rest } = object;
  const serverMade = { uid: unknownValue, resourceVersion: unknownValue, creationTimestamp: unknownValue, generation: unknownValue };
  const preview = { ...rest, metadata: { ...object.metadata, ...serverMade } } as KubernetesObject;
  if (preview.kind === "Service" && isObject(preview.spec)) preview.spec = withUnknownAddresses(preview.spec, inputs.value);
  return outputsOf(preview, inputs, fieldManager);
}

/** A dry run hands out an address and then forgets it. */
function withUnknownAddresses(spec: JsonObject, inputs: JsonObject): JsonObject {
  const given: Json = inputs.spec ?? {};
  const result = { ...spec };
  for (const field of ["clusterIP", "clusterIPs"]) if (!isObject(given) || given[field] === undefined) result[field] = unknownValue;
  return result;
}
