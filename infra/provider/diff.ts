import { ApiError } from "./api/api-error.ts";
import { isKubernetesObject, type KubernetesObject, parseResourceId } from "./api/object.ts";
import type { Context } from "./context.ts";
import { type JsonObject, listAt, objectAt, sameJson, stringAt, valueAt } from "./json.ts";
import type { PropertyValues } from "./protocol/property-values.ts";
import { isAutonamed } from "./resource/autonaming.ts";
import { fieldManagerOf } from "./resource/bookkeeping.ts";
import { type Change, changesBetween } from "./resource/changes.ts";
import {
  type ContentPolicy,
  certainReplacements,
  changesGroup,
  isImmutableRefusal,
  knownImmutable,
  refusedChanges,
} from "./resource/immutable.ts";
import { parseResourceType } from "./resource/resource-type.ts";

/** How often two dry runs are made anew when a controller writes between them. */
const dryRunTriesMax = 4;

/** Old and new inputs of a resource, and its state. */
export interface DiffRequest {
  id: string;
  urn: string;
  token: string;
  oldInputs: PropertyValues;
  newInputs: PropertyValues;
  state: JsonObject;
}

/** What an update would do. */
export interface DiffResult {
  changes: Change[];
  /** Those changes that need another object. */
  replaces: Change[];
  deleteBeforeReplace: boolean;
}

/** Finds what differs, whether the server sees a difference too, and whether it would accept the update or needs another object. */
export async function diff(context: Context, request: DiffRequest): Promise<DiffResult> {
  const before = withIdentity(request.oldInputs.value, request.id);
  const after = withIdentity(request.newInputs.value, request.id);
  let changes = changesBetween(before, after);
  if (changes.length === 0) return { changes, replaces: [], deleteBeforeReplace: false };
  let replaces = certainReplacements(before, after, changes, contentPolicy(context, after));
  if (replaces.length === 0) {
    const answer = request.newInputs.unknownPaths.length === 0 ? await askServer(context, request, before, after) : "unknown";
    if (answer === "unchanged") changes = [];
    else if (answer instanceof ApiError) replaces = refusedChanges(answer, changes);
    else if (answer === "unknown") replaces = knownImmutable(before, after, changes);
  }
  const { isPatch } = parseResourceType(request.token, stringAt(after, "kind"));
  const isSameObject = sameObject(before, after) && !isAutonamed(after);
  return { changes, replaces, deleteBeforeReplace: replaces.length > 0 && isSameObject && !isPatch };
}

/** The inputs with the name and namespace the object really has, so that naming what was left open is no change. */
function withIdentity(inputs: JsonObject, id: string): JsonObject {
  const { name, namespace } = parseResourceId(id);
  const metadata = objectAt(inputs, "metadata");
  const identity: JsonObject = { name: metadata.name ?? name };
  const ownNamespace = metadata.namespace ?? namespace;
  if (ownNamespace !== undefined && ownNamespace !== null) identity.namespace = ownNamespace;
  return { ...inputs, metadata: { ...metadata, ...identity } };
}

function sameObject(before: JsonObject, after: JsonObject): boolean {
  const isSame = (...path: string[]) => sameJson(valueAt(before, path), valueAt(after, path));
  return isSame("kind") && isSame("metadata", "name") && isSame("metadata", "namespace") && !changesGroup(before, after);
}

function contentPolicy(context: Context, after: JsonObject): ContentPolicy {
  const { enableConfigMapMutable, enableSecretMutable } = context.settings;
  return { isAutonamed: isAutonamed(after), isMutable: after.kind === "Secret" ? enableSecretMutable : enableConfigMapMutable };
}

/** What the server would do: change the object, not change it (another spelling of the same), refuse because a field is immutable. */
type ServerAnswer = "changed" | "unchanged" | "unknown" | ApiError;

async function askServer(context: Context, request: DiffRequest, before: JsonObject, after: JsonObject): Promise<ServerAnswer> {
  if (!isKubernetesObject(after) || (await context.unreachable())) return "unknown";
  const fieldManager = fieldManagerOf(request.state, request.urn);
  const dryRun = async (object: KubernetesObject) => {
    const reference = { apiVersion: object.apiVersion, kind: object.kind, ...parseResourceId(request.id) };
    return (await context.cluster().apply(object, reference, { fieldManager, force: true, dryRun: true, signal: context.signal })).object;
  };
  for (let tries = 1; ; tries++) {
    let result: KubernetesObject;
    try {
      result = await dryRun(after);
    } catch (error) {
      // Whatever else is wrong is said by the preview of the update itself.
      return error instanceof ApiError && isImmutableRefusal(error) ? error : "unknown";
    }
    if (!isKubernetesObject(before) || before.apiVersion !== after.apiVersion) return "changed";
    const former = await dryRun(before).catch(() => undefined);
    if (!former) return "changed";
    if (sameJson(comparable(former, fieldManager), comparable(result, fieldManager))) return "unchanged";
    // A controller that wrote between the two makes them differ, too.
    const isComparable = former.metadata.resourceVersion === result.metadata.resourceVersion;
    if (isComparable || tries >= dryRunTriesMax) return "changed";
  }
}

/** What of a dry run's result depends on the object applied. */
function comparable(object: KubernetesObject, fieldManager: string): JsonObject {
  const { managedFields, resourceVersion: _, ...metadata } = object.metadata;
  const { status: __, ...rest } = object;
  const owned = listAt(managedFields).filter((entry) => stringAt(entry, "manager") === fieldManager);
  return { ...rest, metadata, owned: owned.map((entry) => objectAt(entry, "fieldsV1")) };
}
