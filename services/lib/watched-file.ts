import { readFileSync, statSync } from "node:fs";
import type { Logger } from "pino";

const lookEveryMs = 1000;

/** A file that is read again when it changes; while it cannot be read or makes no sense, what was known stays in use. */
export class WatchedFile<T> {
  readonly #path: string;
  readonly #parse: (text: string) => T;
  readonly #log: Logger;
  #value: T;
  #seen: string;
  #lookedAtMs: number;

  /** @throws when the file is not usable at the start */
  constructor(path: string, parse: (text: string) => T, log: Logger) {
    this.#path = path;
    this.#parse = parse;
    this.#log = log;
    this.#seen = this.#state();
    this.#value = parse(readFileSync(path, "utf8"));
    this.#lookedAtMs = performance.now();
  }

  get value(): T {
    const nowMs = performance.now();
    if (nowMs - this.#lookedAtMs > lookEveryMs) {
      this.#lookedAtMs = nowMs;
      this.#look();
    }
    return this.#value;
  }

  #look(): void {
    try {
      const state = this.#state();
      if (state === this.#seen) return;
      this.#value = this.#parse(readFileSync(this.#path, "utf8"));
      this.#seen = state;
      this.#log.info({ file: this.#path }, "file read again");
    } catch (error) {
      this.#log.error({ file: this.#path, error }, "file not usable, keeping what was read before");
    }
  }

  /** Follows the symbolic links by which Kubernetes swaps mounted secrets. */
  #state(): string {
    const { mtimeMs, size, ino } = statSync(this.#path);
    return `${mtimeMs}:${size}:${ino}`;
  }
}
