import type { Context } from "./context.ts";
import { isObject, type Json, type JsonObject, objectAt, stringAt } from "./json.ts";
import { type PropertyValues, unknownValue } from "./protocol/property-values.ts";
import { autoname, generatedName, isAutonamed, type NamingRequest, withAutoname } from "./resource/autonaming.ts";
import { parseResourceType, type ResourceType, unsupportedReason } from "./resource/resource-type.ts";
import { isNamespaced } from "./resource/scope.ts";

/** A resource's inputs before they are used. */
export interface CheckRequest {
  token: string;
  /** The inputs of the last run; empty for a new resource and for one that is being replaced. */
  old: PropertyValues;
  new: PropertyValues;
  naming: NamingRequest;
}

/** The inputs completed, or what is wrong with them. */
export interface CheckResult {
  inputs: JsonObject;
  failures: { property: string; reason: string }[];
}

/** Completes a resource's inputs with name and namespace and refuses what can be no Kubernetes object, all problems at once. */
export async function check(context: Context, request: CheckRequest): Promise<CheckResult> {
  const unsupported = unsupportedReason(request.token);
  if (unsupported) return { inputs: request.new.value, failures: [{ property: "", reason: unsupported }] };
  const type = parseResourceType(request.token, stringAt(request.new.value, "kind"));
  const failures = malformed(request.new.value, type);
  if (failures.length > 0) return { inputs: request.new.value, failures };
  let inputs = withTypeMeta(request.new.value, type);
  try {
    inputs = withName(inputs, request, type);
  } catch (error) {
    failures.push({ property: "metadata.name", reason: error instanceof Error ? error.message : String(error) });
  }
  inputs = await withNamespace(context, inputs);
  context.definedKinds.add(inputs);
  return { inputs, failures };
}

function malformed(inputs: JsonObject, type: ResourceType): CheckResult["failures"] {
  const failures: CheckResult["failures"] = [];
  const expect = (isRight: boolean, property: string, reason: string) => void (isRight || failures.push({ property, reason }));
  const isText = (value: Json | undefined) => value === undefined || typeof value === "string";
  const isMap = (value: Json | undefined) => value === undefined || value === unknownValue || isObject(value);
  expect(isText(inputs.apiVersion), "apiVersion", "apiVersion must be a string");
  expect(isText(inputs.kind), "kind", "kind must be a string");
  expect(isMap(inputs.metadata), "metadata", "metadata must be an object");
  expect(!/^v?\d/.test(type.kind) && type.kind !== "", "kind", `"${type.kind}" is not a kind`);
  const metadata = objectAt(inputs, "metadata");
  expect(isText(metadata.name), "metadata.name", "metadata.name must be a string");
  expect(metadata.name !== "", "metadata.name", "metadata.name is empty; leave it out to have Pulumi make a name");
  expect(isText(metadata.namespace), "metadata.namespace", "metadata.namespace must be a string");
  for (const field of ["labels", "annotations"]) {
    const map = metadata[field];
    expect(isMap(map), `metadata.${field}`, `metadata.${field} must be an object`);
    for (const [key, value] of Object.entries(isObject(map) ? map : {})) {
      const reason = `the value must be a string, not ${describeType(value)}; put it in quotes`;
      expect(typeof value === "string" || value === null, `metadata.${field}[${JSON.stringify(key)}]`, reason);
    }
  }
  return failures;
}

function describeType(value: Json): string {
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `the ${typeof value} ${String(value)}`;
}

function withTypeMeta(inputs: JsonObject, type: ResourceType): JsonObject {
  return { ...inputs, apiVersion: inputs.apiVersion ?? type.apiVersion, kind: inputs.kind ?? type.kind };
}

function withName(inputs: JsonObject, request: CheckRequest, type: ResourceType): JsonObject {
  const metadata = objectAt(inputs, "metadata");
  if (inputs.metadata === unknownValue || metadata.name || metadata.generateName === unknownValue) return inputs;
  if (type.isPatch) throw new Error("a Patch resource must name the object it patches (metadata.name)");
  const prefix = typeof metadata.generateName === "string" ? metadata.generateName : undefined;
  const oldName = stringAt(request.old.value, "metadata", "name");
  if (oldName && isAutonamed(request.old.value) && oldName.startsWith(prefix ?? "")) return withAutoname(inputs, oldName);
  // A name that the server made could not be applied again by an interrupted run: the name is made here as the server would.
  const name = prefix === undefined ? autoname(request.naming) : generatedName(prefix, request.naming.randomSeed);
  return withAutoname(inputs, name);
}

async function withNamespace(context: Context, inputs: JsonObject): Promise<JsonObject> {
  const [apiVersion, kind] = [String(inputs.apiVersion), String(inputs.kind)];
  if (inputs.metadata === unknownValue || apiVersion === unknownValue || kind === unknownValue) return inputs;
  const { namespace, ...metadata } = objectAt(inputs, "metadata");
  const namespaced = await isNamespaced(context, apiVersion, kind);
  if (namespaced === true && !namespace) return { ...inputs, metadata: { ...metadata, namespace: context.defaultNamespace } };
  // The API server passes over the namespace of a cluster-scoped object; kept, it would make a wrong id.
  return namespaced === false && namespace !== undefined ? { ...inputs, metadata } : inputs;
}
