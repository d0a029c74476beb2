import { readFileSync } from "node:fs";
import type { ConstructRequest } from "@pulumi/pulumi/proto/provider_pb.js";
import providerMessages from "@pulumi/pulumi/proto/provider_pb.js";
import type { Context } from "../context.ts";
import { isObject, type JsonObject, objectAt, stringAt } from "../json.ts";
import {
  type AssetReader,
  PropertyValueError,
  readProperties,
  resourceReference,
  unknownValue,
  writeProperties,
} from "../protocol/property-values.ts";
import { isNamespaced } from "../resource/scope.ts";
import { alwaysSecretPaths, pathsContaining, secretTexts } from "../resource/secret-text.ts";
import { objectSources } from "./component-objects.ts";
import { type RegisteredResource, ResourceMonitor } from "./resource-monitor.ts";

/** Kinds that others need to be there: they are registered, and so created, first. */
const firstKinds = ["Namespace", "CustomResourceDefinition"];

/** Registers a component and, as its children, the objects it stands for. Throws for components this provider does not serve. */
export async function construct(
  context: Context,
  request: ConstructRequest,
  packageVersion: string,
  secrets: string[],
): Promise<InstanceType<typeof providerMessages.ConstructResponse>> {
  const source = objectSources[request.getType()];
  if (!source) throw new Error(`this kubernetes provider does not serve the component ${request.getType()}`);
  const inputs = readProperties(request.getInputs(), readAsset);
  secrets.push(...secretTexts(inputs.value, inputs.secretPaths));
  const monitor = new ResourceMonitor(request, packageVersion);
  try {
    const component = await monitor.registerComponent();
    const isKnown = inputs.unknownPaths.length === 0;
    if (!isKnown) context.progress.info(component.urn, "its objects are shown once all its inputs are known");
    const objects = isKnown ? await source(context, request.getName(), inputs.value) : [];
    const children = await registerChildren(context, monitor, component, request, inputs.value, objects, secrets);
    const references = children.map(({ urn, id }) => resourceReference(urn, id, packageVersion));
    const state = writeProperties({ resources: isKnown ? references : unknownValue });
    await monitor.registerOutputs(component, state);
    return new providerMessages.ConstructResponse().setUrn(component.urn).setState(state);
  } finally {
    monitor.close();
  }
}

const readAsset: AssetReader = (asset, path) => {
  if (typeof asset.text === "string") return asset.text;
  if (typeof asset.path === "string") return readFileSync(asset.path, "utf8");
  throw new PropertyValueError(path, "only assets of a text or a local file can be read");
};

async function registerChildren(
  context: Context,
  monitor: ResourceMonitor,
  component: RegisteredResource,
  request: ConstructRequest,
  inputs: JsonObject,
  objects: JsonObject[],
  secrets: readonly string[],
): Promise<RegisteredResource[]> {
  for (const object of objects) context.definedKinds.add(object);
  const prefix = stringAt(inputs, "resourcePrefix") ?? request.getName();
  const register = async (object: JsonObject, dependencies: readonly string[]) => {
    const child = await prepare(context, object, inputs.skipAwait === true);
    const { apiVersion, kind } = child;
    if (typeof apiVersion !== "string" || typeof kind !== "string")
      throw new Error("a manifest holds an object without apiVersion or kind");
    const token = `kubernetes:${apiVersion.includes("/") ? apiVersion : `core/${apiVersion}`}:${kind}`;
    const namespace = stringAt(child, "metadata", "namespace");
    const name = stringAt(child, "metadata", "name") ?? stringAt(child, "metadata", "generateName") ?? "";
    const secretPaths = [...alwaysSecretPaths(child), ...pathsContaining(child, secrets)];
    const properties = writeProperties(child, secretPaths);
    return monitor.registerChild(component, token, `${prefix}:${namespace ? `${namespace}/` : ""}${name}`, properties, dependencies);
  };
  const isFirst = (object: JsonObject) => firstKinds.includes(stringAt(object, "kind") ?? "");
  const first = await Promise.all(objects.filter(isFirst).map((object) => register(object, [])));
  const dependencies = first.map((resource) => resource.urn);
  const rest = await Promise.all(objects.filter((object) => !isFirst(object)).map((object) => register(object, dependencies)));
  return [...first, ...rest];
}

/** The object with its namespace in it, which its name in the program shows, and without the await it should not have. */
async function prepare(context: Context, object: JsonObject, skipsAwait: boolean): Promise<JsonObject> {
  const metadata: JsonObject = { ...objectAt(object, "metadata") };
  const isPlaced = metadata.namespace !== undefined;
  const [apiVersion, kind] = [stringAt(object, "apiVersion") ?? "", stringAt(object, "kind") ?? ""];
  if (!isPlaced && (await isNamespaced(context, apiVersion, kind))) metadata.namespace = context.defaultNamespace;
  if (skipsAwait)
    metadata.annotations = { ...(isObject(metadata.annotations) ? metadata.annotations : {}), "pulumi.com/skipAwait": "true" };
  return { ...object, metadata };
}
