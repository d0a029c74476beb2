import { UnknownKindError } from "./api/api-error.ts";
import { describe, type KubernetesObject, referenceTo, resourceId } from "./api/object.ts";
import { retry } from "./api/retry.ts";
import { type ApplyRequest, applyObject, dryRunObject, isOwnedBy, waitForKind } from "./apply.ts";
import { awaiterFor } from "./await/awaiter.ts";
import { waitUntilGone } from "./await/gone.ts";
import { waitUntilReady } from "./await/wait.ts";
import type { Context } from "./context.ts";
import { InitializationError } from "./errors.ts";
import { stringAt } from "./json.ts";
import type { PropertyValues } from "./protocol/property-values.ts";
import { newFieldManager, type Outputs, outputsOf, previewOfCreation } from "./resource/bookkeeping.ts";
import { deadlineMs, desiredObject, desiredReference, isForced } from "./resource/desired-object.ts";
import { parseResourceType } from "./resource/resource-type.ts";
import { isNamespaced } from "./resource/scope.ts";

/** A preview does not wait long for a server that stumbles. */
const previewPatienceMs = 15_000;

/** A resource to create. */
export interface CreateRequest {
  urn: string;
  token: string;
  inputs: PropertyValues;
  timeoutSeconds: number;
}

/** A resource as it stands after an operation. */
export interface ResourceState {
  id: string;
  outputs: Outputs;
}

/** Shows what creating would give. What only the server could tell is left out when it cannot be asked. */
export async function previewCreate(context: Context, request: CreateRequest): Promise<ResourceState> {
  const fieldManager = newFieldManager(request.urn);
  const object = desiredObject(request.inputs.value);
  context.definedKinds.add(object);
  if (request.inputs.unknownPaths.length > 0) return { id: "", outputs: previewOfCreation(object, request.inputs, fieldManager) };
  const apply = applyRequest(context, request, object, fieldManager);
  if (!(await context.unreachable())) await refuseForeign(context, request, object, fieldManager, Date.now() + previewPatienceMs);
  const result = await dryRunObject(context, apply);
  return { id: "", outputs: previewOfCreation("object" in result ? result.object : object, request.inputs, fieldManager) };
}

/** Creates the object, or for a Patch resource takes over its fields, and waits until it is ready. */
export async function create(context: Context, request: CreateRequest): Promise<ResourceState> {
  const fieldManager = newFieldManager(request.urn);
  const desired = desiredObject(request.inputs.value);
  awaiterFor(desired); // A wrong annotation is refused before anything is created.
  const deadline = deadlineMs(desired, request.timeoutSeconds);
  await waitForKind(context, request.urn, desired, deadline);
  const object = await withScope(context, desired);
  const apply = applyRequest(context, request, object, fieldManager);
  const existing = await refuseForeign(context, request, object, fieldManager, deadline);
  if (isPatch(request) && !existing)
    throw new Error(`${describe(desiredReference(object))} does not exist; a Patch resource needs an object to patch`);
  if (existing?.metadata.deletionTimestamp && !isPatch(request)) await waitUntilGone(context, request.urn, existing, deadline);
  const live = await applyObject(context, apply);
  return finish(context, request, live, fieldManager, deadline);
}

/** Waits until an applied object is ready and makes its state; throws InitializationError when it does not become ready. */
export async function finish(
  context: Context,
  request: { urn: string; token: string; inputs: PropertyValues },
  applied: KubernetesObject,
  fieldManager: string,
  deadline: number,
): Promise<ResourceState> {
  const awaiter = isPatch(request) ? undefined : awaiterFor(applied);
  const id = resourceId(applied);
  if (!awaiter) return { id, outputs: outputsOf(applied, request.inputs, fieldManager) };
  const { live, reasons } = await waitUntilReady(context, request.urn, referenceTo(applied), applied, awaiter, deadline);
  const outputs = outputsOf(live, request.inputs, fieldManager);
  if (reasons.length > 0) throw new InitializationError(describe(referenceTo(live)), id, outputs, request.inputs, reasons);
  return { id, outputs };
}

function isPatch(request: { token: string; inputs: PropertyValues }): boolean {
  return parseResourceType(request.token, stringAt(request.inputs.value, "kind")).isPatch;
}

function applyRequest(context: Context, request: CreateRequest, object: KubernetesObject, fieldManager: string): ApplyRequest {
  const force = isPatch(request) || isForced(object, context.settings.enablePatchForce);
  return { urn: request.urn, object, fieldManager, force, deadlineMs: deadlineMs(object, request.timeoutSeconds) };
}

/** Gives the object its namespace when only now it is known that it has one. */
async function withScope(context: Context, object: KubernetesObject): Promise<KubernetesObject> {
  if (object.metadata.namespace !== undefined) return object;
  const namespaced = await isNamespaced(context, object.apiVersion, object.kind);
  return namespaced ? { ...object, metadata: { ...object.metadata, namespace: context.defaultNamespace } } : object;
}

/**
 * Refuses to create what somebody else has made: Pulumi would later delete it as its own. A Patch resource, on the contrary, needs the
 * object to be there.
 */
async function refuseForeign(
  context: Context,
  request: CreateRequest,
  object: KubernetesObject,
  fieldManager: string,
  deadline: number,
): Promise<KubernetesObject | undefined> {
  const reference = desiredReference(object);
  const onRetry = (error: Error) => context.progress.status(request.urn, `trying again: ${error.message}`);
  const read = () => context.cluster().get(reference, context.signal);
  const live = await retry(read, { deadlineMs: deadline, signal: context.signal, onRetry }).catch((error: unknown) => {
    if (error instanceof UnknownKindError) return undefined;
    throw error;
  });
  if (isPatch(request)) return live;
  const isOurs = !live || context.settings.upsertExistingObjects || isOwnedBy(live, fieldManager) || live.metadata.deletionTimestamp;
  if (isOurs) return live;
  throw new Error(
    `${describe(reference)} exists already and was not made by this resource; import it (pulumi import, or the \`import\` option), or set upsertExistingObjects on the provider`,
  );
}
