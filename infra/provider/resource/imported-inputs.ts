import type { KubernetesObject } from "../api/object.ts";
import { isObject, type Json, type JsonObject, listAt, parseJson, stringAt } from "../json.ts";

const lastApplied = "kubectl.kubernetes.io/last-applied-configuration";
const serverMetadata = [
  "uid",
  "resourceVersion",
  "generation",
  "creationTimestamp",
  "selfLink",
  "managedFields",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
];

/**
 * The inputs that an object nobody described to Pulumi would have had: what kubectl last applied, else the fields that somebody applied
 * server-side, else everything but what the server itself writes.
 */
export function importedInputs(live: KubernetesObject): JsonObject {
  const text = stringAt(live, "metadata", "annotations", lastApplied);
  const configuration = text === undefined ? undefined : parseJson(text);
  const applied = listAt(live.metadata.managedFields).filter(
    (entry) => stringAt(entry, "operation") === "Apply" && !stringAt(entry, "subresource"),
  );
  let inputs: JsonObject;
  if (isObject(configuration)) inputs = { ...configuration };
  else if (applied.length > 0) inputs = ownedPart(live, applied);
  else inputs = withoutServerFields(live);
  const metadata = isObject(inputs.metadata) ? inputs.metadata : {};
  const identity: JsonObject = { name: live.metadata.name ?? "" };
  if (live.metadata.namespace) identity.namespace = live.metadata.namespace;
  return { ...inputs, apiVersion: live.apiVersion, kind: live.kind, metadata: { ...metadata, ...identity } };
}

function withoutServerFields(live: KubernetesObject): JsonObject {
  const { status: _, ...inputs } = live;
  const metadata = Object.fromEntries(Object.entries(live.metadata).filter(([key]) => !serverMetadata.includes(key)));
  return { ...inputs, metadata };
}

function ownedPart(live: KubernetesObject, entries: readonly Json[]): JsonObject {
  const parts = entries.map((entry) => (isObject(entry) && isObject(entry.fieldsV1) ? entry.fieldsV1 : {}));
  const selected = select(live, parts);
  return isObject(selected) ? selected : {};
}

/**
 * The part of a value that sets of fields (https://kubernetes.io/docs/reference/using-api/server-side-apply, "fieldsV1") name: `f:` a
 * member, `k:` a list item by its keys, `v:` a list item by its value; a set without members names the value as a whole.
 */
export function select(value: Json | undefined, sets: readonly JsonObject[]): Json | undefined {
  if (value === undefined) return undefined;
  const keys = new Set(sets.flatMap((set) => Object.keys(set)).filter((key) => key !== "."));
  if (keys.size === 0) return value;
  const below = (key: string) => sets.flatMap((set) => (isObject(set[key]) ? [set[key]] : []));
  if (isObject(value)) {
    const result: JsonObject = {};
    for (const key of keys) {
      const selected = key.startsWith("f:") ? select(value[key.slice(2)], below(key)) : undefined;
      if (selected !== undefined) result[key.slice(2)] = selected;
    }
    return result;
  }
  if (!Array.isArray(value)) return value;
  return value.flatMap((item) => {
    const key = [...keys].find((candidate) => namesItem(candidate, item));
    const selected = key === undefined ? undefined : select(item, below(key));
    return selected === undefined ? [] : [selected];
  });
}

function namesItem(key: string, item: Json): boolean {
  const wanted = parseJson(key.slice(2));
  if (key.startsWith("v:")) return JSON.stringify(wanted) === JSON.stringify(item);
  if (!key.startsWith("k:") || !isObject(wanted) || !isObject(item)) return false;
  return Object.entries(wanted).every(([name, value]) => item[name] === value);
}
