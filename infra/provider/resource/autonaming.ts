import { createHash, randomBytes } from "node:crypto";
import { type JsonObject, objectAt, stringAt } from "../json.ts";

/** Marks an object whose name Pulumi made; the official provider uses the same annotation. */
export const autonamedAnnotation = "pulumi.com/autonamed";

/** Kubernetes' longest object name. */
const nameLengthMax = 253;

/** What the engine says about naming. */
export interface NamingRequest {
  resourceName: string;
  /** The same seed gives the same name. Empty in old engines. */
  randomSeed: Uint8Array;
  /** The user's autonaming setting: a proposal, an enforced name, or no autonaming at all. */
  configured?: { proposedName: string; mode: "propose" | "enforce" | "disable" };
}

/** A name for a resource that names none: `<resource name>-<7 hex digits>`. Throws when autonaming is switched off. */
export function autoname(request: NamingRequest): string {
  if (request.configured?.mode === "disable") throw new Error("metadata.name is missing and autonaming is switched off");
  if (request.configured?.proposedName) return request.configured.proposedName;
  const suffix = hexDigits(request.randomSeed, 7);
  return `${request.resourceName.slice(0, nameLengthMax - suffix.length - 1)}-${suffix}`;
}

/** A name for metadata.generateName: the prefix and five more characters. */
export function generatedName(prefix: string, randomSeed: Uint8Array): string {
  const suffix = hexDigits(randomSeed, 5);
  return `${prefix.slice(0, nameLengthMax - suffix.length)}${suffix}`;
}

function hexDigits(randomSeed: Uint8Array, count: number): string {
  const seed = randomSeed.length > 0 ? randomSeed : randomBytes(16);
  return createHash("sha256").update(seed).digest("hex").slice(0, count);
}

/** True when Pulumi made the object's name. */
export function isAutonamed(inputs: JsonObject): boolean {
  return stringAt(inputs, "metadata", "annotations", autonamedAnnotation) === "true";
}

/** A copy of the inputs that carries a name made by Pulumi. */
export function withAutoname(inputs: JsonObject, name: string): JsonObject {
  const metadata = objectAt(inputs, "metadata");
  const annotations = { ...objectAt(metadata, "annotations"), [autonamedAnnotation]: "true" };
  return { ...inputs, metadata: { ...metadata, name, annotations } };
}
