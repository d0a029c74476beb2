import { parseResourceId } from "./api/object.ts";
import { type ApplyRequest, applyObject, dryRunObject, waitForKind } from "./apply.ts";
import { awaiterFor } from "./await/awaiter.ts";
import type { Context } from "./context.ts";
import { finish, type ResourceState } from "./create.ts";
import { type JsonObject, objectAt, stringAt } from "./json.ts";
import type { PropertyValues } from "./protocol/property-values.ts";
import { fieldManagerOf, outputsOf, previewOfCreation } from "./resource/bookkeeping.ts";
import { deadlineMs, desiredObject, isForced } from "./resource/desired-object.ts";
import { parseResourceType } from "./resource/resource-type.ts";

/** A resource to update in place. */
export interface UpdateRequest {
  id: string;
  urn: string;
  token: string;
  inputs: PropertyValues;
  state: JsonObject;
  timeoutSeconds: number;
}

/** Shows what updating would give; refused as the update would be. */
export async function previewUpdate(context: Context, request: UpdateRequest): Promise<ResourceState> {
  const apply = applyRequest(context, request);
  const fromState = () => {
    const expected = { ...request.state, ...apply.object, metadata: { ...objectAt(request.state, "metadata"), ...apply.object.metadata } };
    return { id: request.id, outputs: outputsOf(expected, request.inputs, apply.fieldManager) };
  };
  if (request.inputs.unknownPaths.length > 0) return fromState();
  const result = await dryRunObject(context, apply);
  if (!("object" in result)) return fromState();
  const isSame = stringAt(result.object, "metadata", "uid") === stringAt(request.state, "metadata", "uid");
  const outputs = isSame
    ? outputsOf(result.object, request.inputs, apply.fieldManager)
    : previewOfCreation(result.object, request.inputs, apply.fieldManager);
  return { id: request.id, outputs };
}

/** Applies the new inputs and waits until the object is ready. An object that somebody deleted meanwhile is made anew. */
export async function update(context: Context, request: UpdateRequest): Promise<ResourceState> {
  const apply = applyRequest(context, request);
  awaiterFor(apply.object);
  await waitForKind(context, request.urn, apply.object, apply.deadlineMs);
  const live = await applyObject(context, apply);
  const state = await finish(context, request, live, apply.fieldManager, apply.deadlineMs);
  return { ...state, id: request.id };
}

function applyRequest(context: Context, request: UpdateRequest): ApplyRequest {
  const object = desiredObject(request.inputs.value, parseResourceId(request.id));
  const { isPatch } = parseResourceType(request.token, object.kind);
  const force = isPatch || isForced(object, context.settings.enablePatchForce);
  const fieldManager = fieldManagerOf(request.state, request.urn);
  return { urn: request.urn, object, fieldManager, force, deadlineMs: deadlineMs(object, request.timeoutSeconds) };
}
