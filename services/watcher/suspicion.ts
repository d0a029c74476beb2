import type { Failure } from "./instances.ts";
import type { Timings } from "./timings.ts";

export type Evidence = Exclude<Failure, "alive">;

/**
 * The case against one instance. Each question that went unanswered counts from when it was asked; any answer ends the case.
 * All times are this watcher's monotonic clock.
 */
export class Suspicion {
  readonly #timings: Timings;
  /** Since when each kind of evidence goes on. */
  readonly #sinceMs = new Map<Evidence, number>();
  #latest: Evidence | undefined;
  #refusals = 0;
  #cannotWriteSinceMs: number | undefined;
  #writeFailsSinceMs: number | undefined;
  /** Questions asked before this moment prove nothing: this process was away. */
  #validFromMs = Number.NEGATIVE_INFINITY;

  constructor(timings: Timings) {
    this.#timings = timings;
  }

  answered(): void {
    this.#sinceMs.clear();
    this.#latest = undefined;
    this.#refusals = 0;
  }

  failed(kind: Evidence, askedMs: number, nowMs: number): void {
    if (askedMs < this.#validFromMs) return;
    this.#latest = kind;
    this.#refusals = kind === "refused" ? this.#refusals + 1 : 0;
    // A refusal is known when it comes, silence began with the question.
    const sinceMs = kind === "refused" ? nowMs : askedMs;
    if (!this.#sinceMs.has(kind)) this.#sinceMs.set(kind, sinceMs);
    if (kind !== "starting" && !this.#sinceMs.has("silent")) this.#sinceMs.set("silent", sinceMs);
    if (kind !== "refused") this.#sinceMs.delete("refused");
    if (kind === "starting") this.#sinceMs.delete("silent");
    if (kind !== "starting") this.#sinceMs.delete("starting");
  }

  written(): void {
    this.#cannotWriteSinceMs = undefined;
    this.#writeFailsSinceMs = undefined;
  }

  cannotWrite(askedMs: number, how: "waits" | "fails"): void {
    const sinceMs = Math.max(askedMs, this.#validFromMs);
    this.#cannotWriteSinceMs ??= sinceMs;
    if (how === "fails") this.#writeFailsSinceMs ??= sinceMs;
  }

  /** This process was away until now. */
  excuse(nowMs: number): void {
    this.#validFromMs = nowMs;
    this.answered();
    if (this.#cannotWriteSinceMs !== undefined) this.#cannotWriteSinceMs = nowMs;
    if (this.#writeFailsSinceMs !== undefined) this.#writeFailsSinceMs = nowMs;
  }

  get odd(): boolean {
    return this.#latest !== undefined || this.#cannotWriteSinceMs !== undefined;
  }

  /** What the instance is suspected for, or undefined. @param silentAfterMs how long it may be silent at this moment */
  verdict(nowMs: number, silentAfterMs = this.#timings.silentAfterMs): Evidence | "no-write" | undefined {
    const lasted = (kind: Evidence): number => nowMs - (this.#sinceMs.get(kind) ?? nowMs);
    if (this.#latest === "refused" && this.#refusals > 1 && lasted("refused") >= this.#timings.refusedAfterMs) return "refused";
    if ((this.#latest === "silent" || this.#latest === "refused") && lasted("silent") >= silentAfterMs) return "silent";
    if (this.#latest === "starting" && lasted("starting") >= this.#timings.startingAfterMs) return "starting";
    const since = (sinceMs: number | undefined): number => nowMs - (sinceMs ?? Number.POSITIVE_INFINITY);
    if (since(this.#cannotWriteSinceMs) >= this.#timings.noWriteAfterMs) return "no-write";
    if (since(this.#writeFailsSinceMs) >= this.#timings.writeFailsAfterMs) return "no-write";
    return undefined;
  }
}
