import { unavailable } from "./operation-outcome.ts";

/** A bound on the bytes that all requests together hold: many may wait at once, and each keeps its body. */
export class ByteBudget {
  readonly #max: number;
  #taken = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** @throws FhirError 503 when there is not so much left */
  take(bytes: number): void {
    if (this.#taken + bytes > this.#max) {
      throw unavailable("Too much data is being written at once", 2);
    }
    this.#taken += bytes;
  }

  give(bytes: number): void {
    this.#taken -= bytes;
  }

  get taken(): number {
    return this.#taken;
  }
}
