import structMessages, { type Struct } from "google-protobuf/google/protobuf/struct_pb.js";
import { isObject, type Json, type JsonObject, type Path, valueAt } from "../json.ts";
import { formatPath, startsWith } from "../property-path.ts";

/** How Pulumi marks special values on the wire; the constants are part of its protocol (sdk/nodejs runtime/rpc.ts). */
const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";
const outputSignature = "d0e6a833031e9bbcd3f4e8bde6ca49a4";
const resourceSignature = "5cf8f73096256a8f31e491e813e4eb8e";
const assetSignature = "c44067f5952c0a294b673a41bacd8c17";
const archiveSignature = "0def7320c3a5731c473e5ecbe6d01bc7";

/** Stands, during a preview, for a value that will only be known after the update. */
export const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Pulumi property values with the marks taken off: plain JSON and the places where a mark was. */
export interface PropertyValues {
  value: JsonObject;
  secretPaths: Path[];
  unknownPaths: Path[];
}

/** A property that cannot be a part of a Kubernetes object. */
export class PropertyValueError extends Error {
  readonly path: Path;

  constructor(path: Path, message: string) {
    super(`${formatPath(path)}: ${message}`);
    this.path = path;
  }
}

/** Makes the text of an asset. `asset` has the member text, path or uri. */
export type AssetReader = (asset: JsonObject, path: Path) => string;

const refuseAsset: AssetReader = (_, path) => {
  throw new PropertyValueError(path, "an asset or archive cannot be a field of a Kubernetes object; read the file into a string");
};

/** Reads a protobuf struct. An unknown value stays in place as `unknownValue`. Assets are refused unless there is a reader for them. */
export function readProperties(struct: Struct | undefined, readAsset: AssetReader = refuseAsset): PropertyValues {
  const found: PropertyValues = { value: {}, secretPaths: [], unknownPaths: [] };
  if (!struct) return found;
  const value = new Unmarking(found, readAsset).unmark(struct.toJavaScript() as JsonObject, []);
  if (isObject(value)) found.value = value;
  return found;
}

class Unmarking {
  readonly #found: PropertyValues;
  readonly #readAsset: AssetReader;

  constructor(found: PropertyValues, readAsset: AssetReader) {
    this.#found = found;
    this.#readAsset = readAsset;
  }

  unmark(value: Json, path: Path): Json {
    if (value === unknownValue) {
      this.#found.unknownPaths.push(path);
      return value;
    }
    if (Array.isArray(value)) return value.map((item, index) => this.unmark(item, [...path, index]));
    if (!isObject(value)) return value;
    if (signatureKey in value) return this.#unmarkSpecial(value, path);
    const result: JsonObject = {};
    for (const [key, member] of Object.entries(value)) result[key] = this.unmark(member, [...path, key]);
    return result;
  }

  #unmarkSpecial(value: JsonObject, path: Path): Json {
    switch (value[signatureKey]) {
      case secretSignature:
        this.#found.secretPaths.push(path);
        return this.unmark(value.value ?? null, path);
      case outputSignature:
        if (value.secret === true) this.#found.secretPaths.push(path);
        return this.unmark(value.value ?? unknownValue, path);
      case resourceSignature:
        return this.unmark(value.id ?? unknownValue, path);
      case assetSignature:
        return this.#readAsset(value, path);
      case archiveSignature:
        return refuseAsset(value, path);
      default:
        throw new PropertyValueError(path, "a value of a sort this provider does not know");
    }
  }
}

/** A reference to a resource as a value: the SDK makes a resource of it again. */
export function resourceReference(urn: string, id: string, packageVersion: string): JsonObject {
  return { [signatureKey]: resourceSignature, urn, id, packageVersion };
}

/** Makes a protobuf struct of plain JSON; the values at `secretPaths` are marked secret. Paths that lead nowhere are left out. */
export function writeProperties(value: JsonObject, secretPaths: readonly Path[] = []): Struct {
  // A mark around a value covers all that is in it.
  const isCovered = (path: Path) => secretPaths.some((other) => other.length < path.length && startsWith(path, other));
  const paths = secretPaths.filter((path) => !isCovered(path) || valueAt(value, path) === undefined);
  const marked = paths.reduce<Json>(markSecret, value);
  return structMessages.Struct.fromJavaScript(JSON.parse(JSON.stringify(marked)));
}

function markSecret(value: Json, path: Path): Json {
  const [step, ...rest] = path;
  if (step === undefined) return isSecretMark(value) ? value : { [signatureKey]: secretSignature, value };
  if (Array.isArray(value)) return value.map((item, index) => (index === step ? markSecret(item, rest) : item));
  if (!isObject(value) || isSecretMark(value) || !Object.hasOwn(value, String(step))) return value;
  return { ...value, [String(step)]: markSecret(value[String(step)] ?? null, rest) };
}

function isSecretMark(value: Json): boolean {
  return isObject(value) && value[signatureKey] === secretSignature;
}
