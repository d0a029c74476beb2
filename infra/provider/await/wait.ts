import { CancelledError } from "../api/api-error.ts";
import type { KubernetesObject, ObjectReference } from "../api/object.ts";
import type { Context } from "../context.ts";
import type { Awaiter } from "./awaiter.ts";
import { failed, type Readiness } from "./readiness.ts";
import { WatchedObject } from "./watched-object.ts";

/** Nothing is looked at more often than this, however fast it changes. */
const shortestStepMs = 1_000;
/** Other objects are looked at this often; the object itself is watched, and read anew when the watch was silent this long. */
const othersStepMs = 2_000;
const silentStepMs = 10_000;
const troublesStepMs = 4_000;

/** What waiting came to: the object as it was last seen and, when it did not become ready, why. */
export interface WaitResult {
  live: KubernetesObject;
  reasons: string[];
}

/** Waits until an object is ready, telling the progress and what holds it up, until `deadlineMs` (of `Date.now()`). */
export async function waitUntilReady(
  context: Context,
  urn: string,
  reference: ObjectReference,
  live: KubernetesObject,
  awaiter: Awaiter,
  deadlineMs: number,
): Promise<WaitResult> {
  const startedMs = Date.now();
  const immediate = await look(context, awaiter, live);
  if (immediate.state === "ready") return { live, reasons: [] };
  const watched = new WatchedObject(context, reference, live);
  let troubles: string[] = [];
  let troublesDueMs = Date.now() + shortestStepMs;
  try {
    for (let readiness: Readiness = immediate; ; readiness = await look(context, awaiter, watched.live)) {
      if (watched.isGone) readiness = failed("the object was deleted while it was awaited");
      if (readiness.state === "ready") return { live: watched.live, reasons: [] };
      const isOver = readiness.state === "failed" || Date.now() >= deadlineMs;
      if (awaiter.troubles && (isOver || Date.now() >= troublesDueMs)) {
        troubles = await awaiter.troubles(context, watched.live).catch(() => troubles);
        troublesDueMs = Date.now() + troublesStepMs;
      }
      if (isOver) return { live: watched.live, reasons: [explain(readiness, startedMs), ...troubles] };
      context.progress.status(urn, [readiness.message, ...troubles].join("; "));
      const stepMs = awaiter.looksAtOthers ? othersStepMs : awaiter.troubles ? troublesStepMs : silentStepMs;
      await watched.next(Math.min(stepMs, Math.max(0, deadlineMs - Date.now())), shortestStepMs);
    }
  } catch (error) {
    if (error instanceof CancelledError || context.signal.aborted)
      return { live: watched.live, reasons: ["cancelled while waiting for it to be ready"] };
    throw error;
  } finally {
    watched.stop();
    context.progress.status(urn, "");
  }
}

function explain(readiness: Exclude<Readiness, { state: "ready" }>, startedMs: number): string {
  if (readiness.state === "failed") return readiness.message;
  return `not ready after ${Math.round((Date.now() - startedMs) / 1000)} s: ${readiness.message}`;
}

/** A passing trouble while looking is only another moment of waiting. */
async function look(context: Context, awaiter: Awaiter, live: KubernetesObject): Promise<Readiness> {
  try {
    return await awaiter.readiness(context, live);
  } catch (error) {
    if (context.signal.aborted) throw new CancelledError();
    return { state: "waiting", message: error instanceof Error ? error.message : String(error) };
  }
}
