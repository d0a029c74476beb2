import { readFile } from "node:fs/promises";

/** A file that changes now and then: a rotated token or certificate. Read again after `ageMaxMs`; while it cannot be, as it was. */
export class CachedFile {
  readonly #path: string;
  readonly #ageMaxMs: number;
  #text: string | undefined;
  #readMs = Number.NEGATIVE_INFINITY;

  constructor(path: string, ageMaxMs = 30_000) {
    this.#path = path;
    this.#ageMaxMs = ageMaxMs;
  }

  /** @throws when it could never be read */
  async text(): Promise<string> {
    const nowMs = performance.now();
    if (this.#text !== undefined && nowMs - this.#readMs < this.#ageMaxMs) return this.#text;
    try {
      this.#text = (await readFile(this.#path, "utf8")).trim();
      this.#readMs = nowMs;
    } catch (error) {
      if (this.#text === undefined) throw error;
    }
    return this.#text;
  }
}
