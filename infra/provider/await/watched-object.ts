import { CancelledError, UnknownKindError } from "../api/api-error.ts";
import { isKubernetesObject, type KubernetesObject, type ObjectReference } from "../api/object.ts";
import { pause } from "../api/retry.ts";
import type { Context } from "../context.ts";
import { type Json, stringAt } from "../json.ts";

/** After this long without a watch event the object is read, in case the watch is dead. */
const rereadAfterMs = 10_000;
const rewatchDelayMs = 1_000;

/** One object kept up to date by a watch, which is opened again as often as it breaks. */
export class WatchedObject {
  live: KubernetesObject;
  isGone = false;
  readonly #context: Context;
  readonly #reference: ObjectReference;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  #wake: (() => void) | undefined;
  #isFresh = false;
  #seenMs = Date.now();
  #steppedMs = 0;

  constructor(context: Context, reference: ObjectReference, live: KubernetesObject) {
    this.#context = context;
    this.#reference = reference;
    this.live = live;
    this.#signal = AbortSignal.any([context.signal, this.#stop.signal]);
    void this.#keepWatching();
  }

  /** Resolves at a change, or after `longestMs`; never sooner than `shortestMs` after the last time. Throws when cancelled. */
  async next(longestMs: number, shortestMs: number): Promise<void> {
    const tooSoonMs = this.#steppedMs + shortestMs - Date.now();
    if (tooSoonMs > 0) await pause(Math.min(tooSoonMs, longestMs), this.#signal);
    if (!this.#isFresh) {
      const step = new AbortController();
      this.#wake = () => step.abort();
      await pause(longestMs, AbortSignal.any([this.#signal, step.signal])).catch(() => undefined);
      this.#wake = undefined;
    }
    if (this.#context.signal.aborted) throw new CancelledError();
    this.#steppedMs = Date.now();
    this.#isFresh = false;
    if (Date.now() - this.#seenMs > rereadAfterMs) await this.reread();
  }

  stop(): void {
    this.#stop.abort();
  }

  #take(object: KubernetesObject): void {
    this.live = object;
    this.#seenMs = Date.now();
    this.#isFresh = true;
    this.#wake?.();
  }

  /** Reads the object now. */
  async reread(): Promise<void> {
    this.#seenMs = Date.now();
    try {
      const live = await this.#context.cluster().get(this.#reference, this.#signal);
      if (live) this.live = live;
      else this.isGone = true;
    } catch (error) {
      // Out of reach for the moment; the deadline bounds it.
      if (error instanceof UnknownKindError) this.isGone = true;
    }
  }

  async #keepWatching(): Promise<void> {
    // From the version at hand, so that nothing is missed between reading and watching.
    let resourceVersion = stringAt(this.live, "metadata", "resourceVersion");
    const onEvent = (type: string, object: Json) => {
      if (type === "ERROR") resourceVersion = undefined;
      if (!isKubernetesObject(object)) return;
      if (type === "ADDED" || type === "MODIFIED") this.#take(object);
      if (type === "DELETED") {
        this.isGone = true;
        this.#take(object);
      }
      resourceVersion = stringAt(object, "metadata", "resourceVersion") ?? resourceVersion;
    };
    while (!this.#signal.aborted && !this.isGone) {
      try {
        await this.#context.cluster().watch(this.#reference, resourceVersion, onEvent, this.#signal);
      } catch {
        // The version is too old, or the server out of reach for the moment: read again and watch from there.
        resourceVersion = undefined;
      }
      await pause(rewatchDelayMs, this.#signal).catch(() => undefined);
      if (resourceVersion === undefined && !this.#signal.aborted) {
        await this.reread();
        resourceVersion = stringAt(this.live, "metadata", "resourceVersion");
        this.#wake?.();
      }
    }
  }
}
