/** One primary at one time: the same instance promoted again is another. */
export interface PrimaryId {
  readonly instance: string;
  readonly timeline: number;
}

export interface VoteRequest {
  readonly term: number;
  readonly site: string;
  readonly primary: PrimaryId;
}

export interface VoteAnswer {
  readonly granted: boolean;
  /** The highest term the voter has promised. */
  readonly term: number;
  readonly reason?: string;
}

/** What a watcher has promised. Votes keep watchers out of each other's way; what keeps commits safe is the fences (failover.ts). */
export class Ballot {
  readonly #leaseMs: number;
  readonly #startedMs: number;
  #term: number;
  #granted: { site: string; primary: PrimaryId; untilMs: number } | undefined;

  /** The wall clock as the first term puts a restarted watcher above what it has forgotten. */
  constructor(options: { leaseMs: number; startedMs: number; firstTerm: number }) {
    this.#leaseMs = options.leaseMs;
    this.#startedMs = options.startedMs;
    this.#term = options.firstTerm;
  }

  /** A term that this watcher has neither promised nor heard of. */
  nextTerm(): number {
    return this.#term + 1;
  }

  heardOf(term: number): void {
    this.#term = Math.max(this.#term, term);
  }

  consider(request: VoteRequest, nowMs: number, suspects: boolean): VoteAnswer {
    const reason = this.#objection(request, nowMs, suspects);
    if (reason) return { granted: false, term: this.#term, reason };
    this.#term = request.term;
    this.#granted = { site: request.site, primary: request.primary, untilMs: nowMs + this.#leaseMs };
    return { granted: true, term: this.#term };
  }

  /** The primary that somebody may be replacing at this moment. */
  open(nowMs: number): PrimaryId | undefined {
    return this.#granted && nowMs < this.#granted.untilMs ? this.#granted.primary : undefined;
  }

  #objection(request: VoteRequest, nowMs: number, suspects: boolean): string | undefined {
    if (nowMs - this.#startedMs < this.#leaseMs) return "just started";
    if (!suspects) return "not suspected here";
    if (request.term <= this.#term) return "promised a higher term";
    if (this.open(nowMs) && this.#granted?.site !== request.site) return `granted to ${this.#granted?.site}`;
    return undefined;
  }
}
