import { globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { Context } from "../context.ts";
import { renderChart } from "../invoke/helm-template.ts";
import { decodeYaml } from "../invoke/yaml-decode.ts";
import { isObject, type Json, type JsonObject, listAt, stringAt } from "../json.ts";

/** Makes the objects of a component from its inputs. `name` is the component's. */
export type ObjectSource = (context: Context, name: string, inputs: JsonObject) => Promise<JsonObject[]>;

/** The components this provider serves, by type token. */
export const objectSources: Record<string, ObjectSource> = {
  "kubernetes:helm.sh/v4:Chart": chartObjects,
  "kubernetes:yaml/v2:ConfigFile": (_, __, inputs) => fileObjects(texts(inputs.file)),
  "kubernetes:yaml/v2:ConfigGroup": groupObjects,
};

async function chartObjects(context: Context, name: string, inputs: JsonObject): Promise<JsonObject[]> {
  const chart = stringAt(inputs, "chart");
  if (!chart) throw new Error(`chart ${name}: \`chart\` is missing`);
  for (const input of ["postRenderer", "dependencyUpdate"]) {
    if (inputs[input]) throw new Error(`chart ${name}: this provider does not support \`${input}\``);
  }
  const flags = ["verify", "devel"].filter((flag) => inputs[flag] === true).map((flag) => `--${flag}`);
  if (inputs.plainHttp === true) flags.push("--plain-http");
  const keyring = stringAt(inputs, "keyring");
  if (keyring) flags.push("--keyring", keyring);
  for (const option of ["username", "password"]) {
    const value = stringAt(inputs, "repositoryOpts", option);
    if (value) flags.push(`--${option}`, value);
  }
  const files = listAt(inputs, "valueYamlFiles").flatMap((text) => decodeYaml(String(text)));
  const values = [...files, isObject(inputs.values) ? inputs.values : {}].reduce(mergeValues, {});
  return renderChart(context, {
    releaseName: stringAt(inputs, "name") ?? name,
    chart,
    repository: stringAt(inputs, "repositoryOpts", "repo"),
    version: stringAt(inputs, "version"),
    namespace: stringAt(inputs, "namespace"),
    values,
    skipCrds: inputs.skipCrds === true,
    includeTestHooks: false,
    includeHooks: inputs.includeHooks === true,
    flags,
  });
}

/** Lays values over values as Helm does: objects are merged, everything else is taken from the upper ones. */
export function mergeValues(lower: JsonObject, upper: JsonObject): JsonObject {
  const result: JsonObject = { ...lower };
  for (const [key, value] of Object.entries(upper)) {
    const below = lower[key];
    result[key] = isObject(value) && isObject(below) ? mergeValues(below, value) : value;
  }
  return result;
}

async function groupObjects(_: Context, __: string, inputs: JsonObject): Promise<JsonObject[]> {
  const fromFiles = await fileObjects(texts(inputs.files));
  const fromText = texts(inputs.yaml).flatMap(decodeYaml);
  return [...fromFiles, ...fromText, ...listAt(inputs, "objs").filter(isObject)].flatMap(itemsOf);
}

async function fileObjects(patterns: readonly string[]): Promise<JsonObject[]> {
  const manifests = await Promise.all(patterns.map(readManifests));
  return manifests.flat().flatMap(decodeYaml).flatMap(itemsOf);
}

async function readManifests(pattern: string): Promise<string[]> {
  if (/^https?:\/\//.test(pattern)) {
    const response = await fetch(pattern);
    if (!response.ok) throw new Error(`cannot fetch ${pattern}: ${response.status} ${response.statusText}`);
    return [await response.text()];
  }
  const paths = globSync(pattern).sort();
  if (paths.length === 0) throw new Error(`no file matches ${pattern}`);
  return Promise.all(paths.map((path) => readFile(path, "utf8")));
}

function itemsOf(object: JsonObject): JsonObject[] {
  const isList = stringAt(object, "kind")?.endsWith("List") && Array.isArray(object.items);
  return isList ? listAt(object, "items").filter(isObject) : [object];
}

/** One text or a list of texts. */
function texts(value: Json | undefined): string[] {
  const list = Array.isArray(value) ? value : [value];
  return list.filter((item): item is string => typeof item === "string");
}
