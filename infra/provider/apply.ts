import { ApiError, isFieldConflict, isNamespaceMissing, isTransient, isWebhookUnavailable, UnknownKindError } from "./api/api-error.ts";
import { describe, type KubernetesObject } from "./api/object.ts";
import { retry } from "./api/retry.ts";
import type { Context } from "./context.ts";
import { stringAt } from "./json.ts";
import { desiredReference } from "./resource/desired-object.ts";

/** Kinds and namespaces that other resources of the program are just bringing are waited for this long. */
const kindPatienceMs = 120_000;
const namespacePatienceMs = 30_000;

/** One application of an object. */
export interface ApplyRequest {
  urn: string;
  object: KubernetesObject;
  fieldManager: string;
  force: boolean;
  deadlineMs: number;
}

/**
 * Applies an object, trying again while the server is at fault and, for a bounded time, while its namespace is missing. Warnings of
 * the server are passed on. Throws the last error, conflicts in words.
 */
export async function applyObject(context: Context, request: ApplyRequest): Promise<KubernetesObject> {
  const { object, urn, fieldManager, force } = request;
  const reference = desiredReference(object);
  const startedMs = Date.now();
  const operation = () => {
    const options = { fieldManager, force, dryRun: false, signal: context.signal };
    return context.cluster().apply(object, reference, options);
  };
  const isWorthRetrying = (error: unknown) => {
    if (error instanceof UnknownKindError) return Date.now() - startedMs < kindPatienceMs;
    if (isNamespaceMissing(error)) return Date.now() - startedMs < namespacePatienceMs;
    return isTransient(error);
  };
  const onRetry = (error: Error) => context.progress.status(urn, describeRetry(error));
  try {
    const applied = await retry(operation, { deadlineMs: request.deadlineMs, signal: context.signal, isWorthRetrying, onRetry });
    showWarnings(context, urn, applied.warnings);
    return applied.object;
  } catch (error) {
    throw explainRefusal(error, object, force);
  } finally {
    context.progress.status(urn, "");
  }
}

/** Waits, for a bounded time, until the cluster serves the object's kind: its definition may be coming with the same update. */
export async function waitForKind(context: Context, urn: string, object: KubernetesObject, deadlineMs: number): Promise<void> {
  const patienceMs = Date.now() + kindPatienceMs;
  const operation = () => context.cluster().discovery.find(object.apiVersion, object.kind, context.signal);
  const isWorthRetrying = (error: unknown) => isTransient(error) || (error instanceof UnknownKindError && Date.now() < patienceMs);
  const onRetry = (error: Error) => context.progress.status(urn, describeRetry(error));
  try {
    await retry(operation, { deadlineMs, signal: context.signal, isWorthRetrying, onRetry });
  } finally {
    context.progress.status(urn, "");
  }
}

/** What a dry run came to. */
export type DryRun = { object: KubernetesObject } | { impossible: string };

/**
 * Has the server do all but store an object. It is impossible, and no error, where the kind or namespace will only come with the same
 * update, or a webhook cannot be asked. Throws what the update would fail with.
 */
export async function dryRunObject(context: Context, request: ApplyRequest): Promise<DryRun> {
  const unreachable = await context.unreachable();
  if (unreachable) return { impossible: unreachable.message };
  const { object, fieldManager, force } = request;
  const reference = desiredReference(object);
  const options = { fieldManager, force, dryRun: true, signal: context.signal };
  try {
    const operation = () => context.cluster().apply(object, reference, options);
    const isWorthRetrying = (error: unknown) => isTransient(error) && !isWebhookUnavailable(error);
    const applied = await retry(operation, { deadlineMs: Date.now() + 15_000, signal: context.signal, isWorthRetrying });
    showWarnings(context, request.urn, applied.warnings);
    return { object: applied.object };
  } catch (error) {
    if (error instanceof UnknownKindError || isNamespaceMissing(error) || isWebhookUnavailable(error))
      return { impossible: (error as Error).message };
    throw explainRefusal(error, object, force);
  }
}

function showWarnings(context: Context, urn: string, warnings: readonly string[]): void {
  for (const warning of warnings) {
    if (context.settings.suppressDeprecationWarnings && /deprecated/i.test(warning)) continue;
    context.progress.warn(urn, warning);
  }
}

function describeRetry(error: Error): string {
  if (error instanceof UnknownKindError) return `waiting for the kind to come up: ${error.message}`;
  if (isNamespaceMissing(error)) return `waiting for the namespace: ${error.message}`;
  return `trying again: ${error.message}`;
}

/** Says what to do about a refusal that the user can do something about. */
function explainRefusal(error: unknown, object: KubernetesObject, force: boolean): unknown {
  if (!(error instanceof ApiError)) return error;
  const what = describe(desiredReference(object));
  if (isFieldConflict(error) && !force) {
    const fields = error.causes.map((cause) => `${cause.field} (${conflictOwner(cause.message)})`).join(", ");
    return new Error(
      `${what}: other field managers own ${fields}. Remove these fields from the program, or take them over with the annotation pulumi.com/patchForce: "true"`,
    );
  }
  const explained = new Error(`${what}: ${error.message}`);
  explained.cause = error;
  return explained;
}

function conflictOwner(message: string): string {
  return /conflict with "([^"]*)"/.exec(message)?.[1] ?? message;
}

/** True when the fields of an object are (also) owned by this field manager: a former, interrupted try of ours made it. */
export function isOwnedBy(live: KubernetesObject, fieldManager: string): boolean {
  const entries = live.metadata.managedFields;
  return Array.isArray(entries) && entries.some((entry) => stringAt(entry, "manager") === fieldManager);
}
