import { isTransient, UnknownKindError, UnreachableError } from "./api/api-error.ts";
import { describe, isKubernetesObject, type KubernetesObject, type ObjectReference, parseResourceId } from "./api/object.ts";
import { retry } from "./api/retry.ts";
import { waitUntilGone } from "./await/gone.ts";
import type { Context } from "./context.ts";
import { type JsonObject, stringAt } from "./json.ts";
import { fieldManagerOf } from "./resource/bookkeeping.ts";
import { deadlineMs, deletionPropagation } from "./resource/desired-object.ts";
import { parseResourceType } from "./resource/resource-type.ts";

/** A resource to delete. */
export interface DeleteRequest {
  id: string;
  urn: string;
  token: string;
  state: JsonObject;
  timeoutSeconds: number;
}

/** Deletes the object and waits until it is gone; gone already is fine. A Patch resource lets go of its fields instead. */
export async function deleteObject(context: Context, request: DeleteRequest): Promise<void> {
  const type = parseResourceType(request.token, stringAt(request.state, "kind"));
  const apiVersion = stringAt(request.state, "apiVersion") ?? type.apiVersion;
  const reference: ObjectReference = { apiVersion, kind: stringAt(request.state, "kind") ?? type.kind, ...parseResourceId(request.id) };
  const deadline = deadlineMs(request.state, request.timeoutSeconds);
  const unreachable = await context.unreachable();
  if (unreachable && context.settings.deleteUnreachable) {
    context.progress.warn(request.urn, `${describe(reference)} is forgotten, not deleted (deleteUnreachable): ${unreachable.message}`);
    return;
  }
  const operation = () => (type.isPatch ? release(context, request, reference) : remove(context, request, reference, deadline));
  const onRetry = (error: Error) => context.progress.status(request.urn, `trying again: ${error.message}`);
  const isWorthRetrying = (error: unknown) => isTransient(error) && !(unreachable && error instanceof UnreachableError);
  try {
    await retry(operation, { deadlineMs: deadline, signal: context.signal, onRetry, isWorthRetrying });
  } catch (error) {
    // Without its definition no object of a kind can be left.
    if (!(error instanceof UnknownKindError)) throw error;
  }
}

async function remove(context: Context, request: DeleteRequest, reference: ObjectReference, deadline: number): Promise<void> {
  const live = await context.cluster().get(reference, context.signal);
  if (!live || isAnother(live, request.state)) return;
  const propagation = deletionPropagation(isKubernetesObject(request.state) ? request.state : live);
  const uid = stringAt(live, "metadata", "uid");
  const isThere = await context.cluster().delete(reference, { propagation, signal: context.signal, ...(uid ? { uid } : {}) });
  if (isThere) await waitUntilGone(context, request.urn, live, deadline);
}

/** True when the object that has the name now is not the one this resource made, nor did this resource take it over. */
function isAnother(live: KubernetesObject, state: JsonObject): boolean {
  const [uid, known] = [stringAt(live, "metadata", "uid"), stringAt(state, "metadata", "uid")];
  if (!uid || !known || uid === known) return false;
  const manager = stringAt(state, "__fieldManager");
  return !manager || !JSON.stringify(live.metadata.managedFields ?? []).includes(manager);
}

/** Applies nothing: the server then removes the fields that only this manager owned. */
async function release(context: Context, request: DeleteRequest, reference: ObjectReference): Promise<void> {
  if (!(await context.cluster().get(reference, context.signal))) return;
  const metadata: JsonObject = reference.namespace ? { name: reference.name, namespace: reference.namespace } : { name: reference.name };
  const empty: KubernetesObject = { apiVersion: reference.apiVersion, kind: reference.kind, metadata };
  const fieldManager = fieldManagerOf(request.state, request.urn);
  await context.cluster().apply(empty, reference, { fieldManager, force: true, dryRun: false, signal: context.signal });
}
