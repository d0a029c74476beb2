import { CancelledError } from "../api/api-error.ts";
import { describe, type KubernetesObject, referenceTo } from "../api/object.ts";
import type { Context } from "../context.ts";
import { listAt, stringAt } from "../json.ts";
import { conditionOf } from "./readiness.ts";
import { WatchedObject } from "./watched-object.ts";

const stepMs = 5_000;
const shortestStepMs = 250;

/** The garbage collector's own finalizer: it takes it away when the object's dependents are gone. */
const foregroundDeletion = "foregroundDeletion";

/** Waits until an object that is being deleted is gone (or another one has its name). Throws, saying what holds it, at the deadline. */
export async function waitUntilGone(context: Context, urn: string, live: KubernetesObject, deadlineMs: number): Promise<void> {
  const reference = referenceTo(live);
  const uid = live.metadata.uid;
  const watched = new WatchedObject(context, reference, live);
  try {
    await watched.reread();
    while (!watched.isGone && watched.live.metadata.uid === uid) {
      const holder = holdersOf(watched.live);
      if (Date.now() >= deadlineMs) throw new Error(`${describe(reference)} is still being deleted: ${holder}`);
      context.progress.status(urn, `waiting until it is gone: ${holder}`);
      await watched.next(Math.min(stepMs, Math.max(1, deadlineMs - Date.now())), shortestStepMs);
    }
  } catch (error) {
    if (context.signal.aborted) throw new CancelledError();
    throw error;
  } finally {
    watched.stop();
    context.progress.status(urn, "");
  }
}

/** What keeps an object that is being deleted: a namespace tells it in conditions, others by their finalizers. */
function holdersOf(live: KubernetesObject): string {
  const remaining = [
    "NamespaceContentRemaining",
    "NamespaceFinalizersRemaining",
    "NamespaceDeletionContentFailure",
    "NamespaceDeletionDiscoveryFailure",
  ]
    .map((type) => conditionOf(live, type))
    .filter((condition) => condition?.status === "True")
    .map((condition) => condition?.message ?? "");
  if (remaining.length > 0) return remaining.join("; ");
  const finalizers = listAt(live, "metadata", "finalizers");
  const others = finalizers.filter((name) => name !== foregroundDeletion);
  const holders = [
    ...(finalizers.length > others.length ? ["its dependents are being deleted"] : []),
    // Named beside the dependents too: the garbage collector is quick, and what stays is somebody's finalizer.
    ...(others.length > 0 ? [`finalizers ${others.join(", ")} are not done`] : []),
  ];
  if (holders.length > 0) return holders.join("; ");
  return stringAt(live, "kind") === "Pod" ? "its containers are being stopped" : "deletion is under way";
}
