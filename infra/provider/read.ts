import { isTransient, UnknownKindError } from "./api/api-error.ts";
import { isKubernetesObject, type KubernetesObject, type ObjectReference, parseResourceId, resourceId } from "./api/object.ts";
import { retry } from "./api/retry.ts";
import type { Context } from "./context.ts";
import type { ResourceState } from "./create.ts";
import { type JsonObject, stringAt } from "./json.ts";
import type { PropertyValues } from "./protocol/property-values.ts";
import { fieldManagerOf, outputsOf } from "./resource/bookkeeping.ts";
import { desiredObject } from "./resource/desired-object.ts";
import { driftedInputs } from "./resource/drift.ts";
import { importedInputs } from "./resource/imported-inputs.ts";
import { parseResourceType, unsupportedReason } from "./resource/resource-type.ts";
import { isNamespaced } from "./resource/scope.ts";

const patienceMs = 30_000;
const unknownKindPatienceMs = 2_000;

/** A resource to read: known to the state (refresh) or only by its id (import, get). */
export interface ReadRequest {
  id: string;
  urn: string;
  token: string;
  inputs: PropertyValues;
  state: JsonObject;
}

/** Reads the object; undefined when there is none. The inputs that come back show drift in the fields this resource owns. */
export async function read(context: Context, request: ReadRequest): Promise<(ResourceState & { inputs: PropertyValues }) | undefined> {
  const unsupported = unsupportedReason(request.token);
  if (unsupported) throw new Error(unsupported);
  const unreachable = await context.unreachable();
  if (unreachable) return readUnreachable(context, request, unreachable);
  const reference = await referenceOf(context, request);
  const operation = () => context.cluster().get(reference, context.signal);
  let live: KubernetesObject | undefined;
  try {
    const startedMs = Date.now();
    // One API server of several may serve a new kind later than the others.
    const isWorthRetrying = (error: unknown) =>
      isTransient(error) || (error instanceof UnknownKindError && Date.now() - startedMs < unknownKindPatienceMs);
    live = await retry(operation, { deadlineMs: startedMs + patienceMs, signal: context.signal, isWorthRetrying });
  } catch (error) {
    if (!(error instanceof UnknownKindError)) throw error;
  }
  if (!live) return undefined;
  const isKnown = Object.keys(request.inputs.value).length > 0;
  const fieldManager = fieldManagerOf(request.state, request.urn);
  const value = isKnown ? await currentInputs(context, request, live, reference, fieldManager) : importedInputs(live);
  const inputs: PropertyValues = { ...request.inputs, value };
  return { id: resourceId(live), outputs: outputsOf(live, inputs, fieldManager), inputs };
}

function readUnreachable(context: Context, request: ReadRequest, error: Error): (ResourceState & { inputs: PropertyValues }) | undefined {
  if (context.settings.deleteUnreachable) {
    context.progress.warn(request.urn, `forgotten, because deleteUnreachable is set: ${error.message}`);
    return undefined;
  }
  throw error;
}

async function referenceOf(context: Context, request: ReadRequest): Promise<ObjectReference> {
  const stated = [request.inputs.value, request.state];
  const kind = stated.map((item) => stringAt(item, "kind")).find((text) => text !== undefined);
  const type = parseResourceType(request.token, kind);
  const apiVersion = stated.map((item) => stringAt(item, "apiVersion")).find((text) => text !== undefined) ?? type.apiVersion;
  const id = parseResourceId(request.id);
  const needsNamespace = !id.namespace && (await isNamespaced(context, apiVersion, kind ?? type.kind));
  return {
    apiVersion,
    kind: kind ?? type.kind,
    name: id.name,
    namespace: id.namespace ?? (needsNamespace ? context.defaultNamespace : undefined),
  };
}

/** The inputs as the cluster has them: where a dry run of the old inputs would change something, the live value is shown. */
async function currentInputs(
  context: Context,
  request: ReadRequest,
  live: KubernetesObject,
  reference: ObjectReference,
  fieldManager: string,
): Promise<JsonObject> {
  const inputs = request.inputs.value;
  try {
    const object = desiredObject(inputs, parseResourceId(request.id));
    const options = { fieldManager, force: true, dryRun: true, signal: context.signal };
    const applied = await context.cluster().apply(object, reference, options);
    return driftedInputs(inputs, applied.object, live);
  } catch {
    // The server refuses the old inputs by now: then they are compared as they are.
    return isKubernetesObject(inputs) ? driftedInputs(inputs, inputs, live) : inputs;
  }
}
