import type {
  CheckRequest,
  CreateRequest,
  DeleteRequest,
  DiffRequest,
  ReadRequest,
  UpdateRequest,
} from "@pulumi/pulumi/proto/provider_pb.js";
import providerMessages from "@pulumi/pulumi/proto/provider_pb.js";
import emptyMessages from "google-protobuf/google/protobuf/empty_pb.js";
import { check } from "../check.ts";
import { create, previewCreate } from "../create.ts";
import { deleteObject } from "../delete.ts";
import { diff } from "../diff.ts";
import { sameJson } from "../json.ts";
import { formatPath } from "../property-path.ts";
import { read } from "../read.ts";
import type { NamingRequest } from "../resource/autonaming.ts";
import { resourceNameOf, typeTokenOf } from "../resource/resource-type.ts";
import { alwaysSecretPaths, secretTexts } from "../resource/secret-text.ts";
import type { Session } from "../session.ts";
import { previewUpdate, update } from "../update.ts";
import { type PropertyValues, readProperties, writeProperties } from "./property-values.ts";

/** An operation on a resource, and the texts that none of its errors may show. */
export type Operation<Request, Response> = (session: Session, request: Request, secrets: string[]) => Promise<Response>;

function hide(secrets: string[], ...values: PropertyValues[]): void {
  for (const { value, secretPaths } of values) secrets.push(...secretTexts(value, [...secretPaths, ...alwaysSecretPaths(value)]));
}

export const checkResource: Operation<CheckRequest, InstanceType<typeof providerMessages.CheckResponse>> = async (
  session,
  request,
  secrets,
) => {
  const [oldInputs, newInputs] = [readProperties(request.getOlds()), readProperties(request.getNews())];
  hide(secrets, oldInputs, newInputs);
  const result = await check(session, { token: typeTokenOf(request.getUrn()), old: oldInputs, new: newInputs, naming: namingOf(request) });
  const response = new providerMessages.CheckResponse();
  response.setInputs(writeProperties(result.inputs, newInputs.secretPaths));
  response.setFailuresList(
    result.failures.map(({ property, reason }) => new providerMessages.CheckFailure().setProperty(property).setReason(reason)),
  );
  return response;
};

function namingOf(request: CheckRequest): NamingRequest {
  const naming: NamingRequest = { resourceName: resourceNameOf(request.getUrn()), randomSeed: request.getRandomseed_asU8() };
  const options = request.getAutonaming();
  if (!options) return naming;
  const modes = ["propose", "enforce", "disable"] as const;
  return { ...naming, configured: { proposedName: options.getProposedName(), mode: modes[options.getMode()] ?? "propose" } };
}

export const diffResource: Operation<DiffRequest, InstanceType<typeof providerMessages.DiffResponse>> = async (
  session,
  request,
  secrets,
) => {
  const [state, newInputs] = [readProperties(request.getOlds()), readProperties(request.getNews())];
  const oldInputs = readProperties(request.getOldInputs());
  hide(secrets, state, oldInputs, newInputs);
  const urn = request.getUrn();
  const result = await diff(session, { id: request.getId(), urn, token: typeTokenOf(urn), oldInputs, newInputs, state: state.value });
  const response = new providerMessages.DiffResponse();
  const { DiffResponse, PropertyDiff } = providerMessages;
  response.setChanges(result.changes.length > 0 ? DiffResponse.DiffChanges.DIFF_SOME : DiffResponse.DiffChanges.DIFF_NONE);
  response.setDeletebeforereplace(result.deleteBeforeReplace);
  response.setHasdetaileddiff(true);
  response.setDiffsList([...new Set(result.changes.map((change) => String(change.path[0] ?? "")))]);
  response.setReplacesList([...new Set(result.replaces.map((change) => String(change.path[0] ?? "")))]);
  const kinds = { add: PropertyDiff.Kind.ADD, delete: PropertyDiff.Kind.DELETE, update: PropertyDiff.Kind.UPDATE };
  for (const change of result.changes) {
    const isReplacing = result.replaces.some((other) => sameJson([...other.path], [...change.path]));
    // Each kind is followed by its replacing twin.
    const kind = kinds[change.kind] + (isReplacing ? 1 : 0);
    response.getDetaileddiffMap().set(formatPath(change.path), new PropertyDiff().setKind(kind).setInputdiff(true));
  }
  return response;
};

export const createResource: Operation<CreateRequest, InstanceType<typeof providerMessages.CreateResponse>> = async (
  session,
  request,
  secrets,
) => {
  const inputs = readProperties(request.getProperties());
  hide(secrets, inputs);
  const urn = request.getUrn();
  if (!request.getPreview()) await requireReachable(session);
  const operation = request.getPreview() ? previewCreate : create;
  const state = await operation(session, { urn, token: typeTokenOf(urn), inputs, timeoutSeconds: request.getTimeout() });
  const response = new providerMessages.CreateResponse();
  return response.setId(state.id).setProperties(writeProperties(state.outputs.value, state.outputs.secretPaths));
};

export const readResource: Operation<ReadRequest, InstanceType<typeof providerMessages.ReadResponse>> = async (
  session,
  request,
  secrets,
) => {
  const [state, inputs] = [readProperties(request.getProperties()), readProperties(request.getInputs())];
  hide(secrets, state, inputs);
  const urn = request.getUrn();
  const result = await read(session, { id: request.getId(), urn, token: typeTokenOf(urn), inputs, state: state.value });
  const response = new providerMessages.ReadResponse();
  if (!result) return response;
  const inputSecrets = [...result.inputs.secretPaths, ...alwaysSecretPaths(result.inputs.value)];
  response.setId(result.id).setInputs(writeProperties(result.inputs.value, inputSecrets));
  return response.setProperties(writeProperties(result.outputs.value, result.outputs.secretPaths));
};

export const updateResource: Operation<UpdateRequest, InstanceType<typeof providerMessages.UpdateResponse>> = async (
  session,
  request,
  secrets,
) => {
  const [state, inputs] = [readProperties(request.getOlds()), readProperties(request.getNews())];
  hide(secrets, state, inputs);
  const urn = request.getUrn();
  const response = new providerMessages.UpdateResponse();
  if (!request.getPreview()) {
    const problem = await session.unreachable();
    if (problem && session.settings.skipUpdateUnreachable) {
      session.progress.warn(urn, `not updated, because skipUpdateUnreachable is set: ${problem.message}`);
      return response.setProperties(request.getOlds());
    }
    await requireReachable(session);
  }
  const operation = request.getPreview() ? previewUpdate : update;
  const result = await operation(session, {
    id: request.getId(),
    urn,
    token: typeTokenOf(urn),
    inputs,
    state: state.value,
    timeoutSeconds: request.getTimeout(),
  });
  return response.setProperties(writeProperties(result.outputs.value, result.outputs.secretPaths));
};

export const deleteResource: Operation<DeleteRequest, InstanceType<typeof emptyMessages.Empty>> = async (session, request, secrets) => {
  const state = readProperties(request.getProperties());
  hide(secrets, state);
  const urn = request.getUrn();
  await deleteObject(session, {
    id: request.getId(),
    urn,
    token: typeTokenOf(urn),
    state: state.value,
    timeoutSeconds: request.getTimeout(),
  });
  return new emptyMessages.Empty();
};

async function requireReachable(session: Session): Promise<void> {
  const problem = await session.unreachable();
  if (problem) throw problem;
}
