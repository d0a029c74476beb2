/**
 * Names for statements whose text is put together, so that those asked often are prepared once for each connection: PostgreSQL may take longer
 * to plan a question about one patient than to answer it. Bounded, since each connection keeps the plan of each name.
 */
export class StatementNames {
  readonly #prefix: string;
  readonly #limits: { names: number; uses: number; texts: number };
  readonly #names = new Map<string, string>();
  #uses = new Map<string, number>();

  /**
   * @param limits.names at most so many @param limits.uses a text gets one once it has been asked so often
   * @param limits.texts so many are counted before counting begins anew
   */
  constructor(prefix: string, limits: { names?: number; uses?: number; texts?: number } = {}) {
    this.#prefix = prefix;
    this.#limits = { names: 32, uses: 20, texts: 500, ...limits };
  }

  /** Counts one more use. Undefined for a text that has no name, or none yet. */
  of(text: string): string | undefined {
    const known = this.#names.get(text);
    if (known !== undefined || this.#names.size >= this.#limits.names) return known;
    if (this.#uses.size >= this.#limits.texts) this.#uses = new Map();
    const uses = (this.#uses.get(text) ?? 0) + 1;
    this.#uses.set(text, uses);
    if (uses < this.#limits.uses) return undefined;
    this.#uses.delete(text);
    const name = `${this.#prefix}-${this.#names.size}`;
    this.#names.set(text, name);
    return name;
  }
}
