/** One primary at one time: the same instance promoted again is another. */
export interface PrimaryId {
  readonly instance: string;
  readonly timeline: number;
}

export interface VoteRequest {
  readonly term: number;
  readonly site: string;
  readonly primary: PrimaryId;
  /** Set by a candidate that has been elected: now the vote binds for as long as a failover may take. */
  readonly elected?: boolean | undefined;
}

export interface VoteAnswer {
  readonly granted: boolean;
  /** The highest term the voter has promised. */
  readonly term: number;
  readonly reason?: string;
  /** The voter sees this very primary alive. */
  readonly alive?: boolean;
}

/** What a watcher has promised. Votes keep watchers out of each other's way; what keeps commits safe is the fences (failover.ts). */
export class Ballot {
  readonly #leaseMs: number;
  readonly #holdMs: number;
  readonly #startedMs: number;
  #term: number;
  /** The highest term that others are known to have. */
  #heard = 0;
  #granted: { site: string; primary: PrimaryId; untilMs: number } | undefined;

  readonly #rank: number;
  readonly #voters: number;

  /** The wall clock as the first term puts a restarted watcher above what it has forgotten. */
  constructor(options: { leaseMs: number; holdMs: number; startedMs: number; firstTerm: number; rank: number; voters: number }) {
    this.#rank = options.rank;
    this.#voters = options.voters;
    this.#leaseMs = options.leaseMs;
    this.#holdMs = options.holdMs;
    this.#startedMs = options.startedMs;
    this.#term = options.firstTerm;
  }

  /**
   * A candidate's own vote: a term above all it has heard of, or undefined when it is bound. It binds nobody else until the election is
   * won, or two candidates that each voted for themselves would block each other.
   */
  propose(primary: PrimaryId, site: string, nowMs: number): number | undefined {
    const term = this.#next();
    if (this.#objection({ term, site, primary }, nowMs, true)) return undefined;
    this.#term = term;
    return term;
  }

  /** Most have voted for it. @returns false when this watcher has voted for a higher term meanwhile */
  win(request: VoteRequest, nowMs: number): boolean {
    if (this.#term !== request.term) return false;
    this.#granted = { site: request.site, primary: request.primary, untilMs: nowMs + this.#leaseMs };
    return true;
  }

  /** For work that needs a term and no votes. */
  nextTerm(): number {
    this.#term = this.#next();
    return this.#term;
  }

  heardOf(term: number): void {
    this.#heard = Math.max(this.#heard, term);
  }

  /**
   * A vote binds for a moment only, until the candidate says that it is elected: three that were slow to hear of each other have each
   * voted for another then, and must soon be free to vote again.
   */
  consider(request: VoteRequest, nowMs: number, suspects: boolean): VoteAnswer {
    if (request.elected) return this.#acknowledge(request, nowMs);
    const reason = this.#objection(request, nowMs, suspects);
    if (reason) return { granted: false, term: this.#term, reason };
    this.#term = request.term;
    this.#granted = { site: request.site, primary: request.primary, untilMs: nowMs + this.#holdMs };
    return { granted: true, term: this.#term };
  }

  #acknowledge({ term, site, primary }: VoteRequest, nowMs: number): VoteAnswer {
    const granted = term >= this.#term;
    if (granted) {
      this.#term = term;
      this.#granted = { site, primary, untilMs: nowMs + this.#leaseMs };
    }
    return { granted, term: this.#term };
  }

  /** The primary that somebody may be replacing at this moment. */
  open(nowMs: number): PrimaryId | undefined {
    return this.#granted && nowMs < this.#granted.untilMs ? this.#granted.primary : undefined;
  }

  /** Each site has terms of its own, so that of two candidates at the same moment one has the higher. */
  #next(): number {
    const above = Math.max(this.#term, this.#heard) + 1;
    return above + ((((this.#rank - above) % this.#voters) + this.#voters) % this.#voters);
  }

  #objection(request: VoteRequest, nowMs: number, suspects: boolean): string | undefined {
    if (nowMs - this.#startedMs < this.#leaseMs) return "just started";
    if (!suspects) return "not suspected here";
    if (request.term <= this.#term) return "promised a higher term";
    // An election about an earlier primary is over: it has led to this one.
    const open = this.open(nowMs);
    if (open && open.timeline >= request.primary.timeline && this.#granted?.site !== request.site)
      return `granted to ${this.#granted?.site}`;
    return undefined;
  }
}
