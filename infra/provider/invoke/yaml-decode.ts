import { parseAllDocuments, type Tags } from "yaml";
import type { Json, JsonObject } from "../json.ts";
import { isObject } from "../json.ts";

/** YAML 1.1 readings that Kubernetes' own reader (sigs.k8s.io/yaml) does not have: dates, and numbers like 22:30. */
const foreignTags = ["tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:int:TIME", "tag:yaml.org,2002:float:TIME"];

/** Reads a manifest as Kubernetes does (YAML 1.1: `yes` is true, 0644 is octal). Empty documents are left out; throws with the line. */
export function decodeYaml(text: string): JsonObject[] {
  const documents = parseAllDocuments(text, { version: "1.1", customTags: kubernetesTags, uniqueKeys: true });
  const objects: JsonObject[] = [];
  for (const document of Array.isArray(documents) ? documents : []) {
    const [error] = document.errors;
    if (error) throw new Error(`the manifest is not valid YAML: ${error.message}`);
    const value = document.toJS({ maxAliasCount: 1000 }) as Json;
    if (value === null || value === undefined) continue;
    if (!isObject(value)) throw new Error("the manifest holds a document that is no object");
    if (Object.keys(value).length > 0) objects.push(JSON.parse(JSON.stringify(value)) as JsonObject);
  }
  return objects;
}

function kubernetesTags(tags: Tags): Tags {
  return tags
    .filter((tag) => typeof tag === "string" || !foreignTags.includes(tag.format ? `${tag.tag}:${tag.format}` : tag.tag))
    .map(withoutLetters);
}

/** `y` and `n` are names of coordinates and fields, not booleans. */
function withoutLetters(tag: Tags[number]): Tags[number] {
  if (typeof tag === "string" || tag.tag !== "tag:yaml.org,2002:bool" || !("test" in tag) || !tag.test) return tag;
  const pattern = tag.test;
  return { ...tag, test: new RegExp(`^(?![YyNn]$)(?:${pattern.source})`, pattern.flags) } as Tags[number];
}
