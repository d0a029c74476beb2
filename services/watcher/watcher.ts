import { sleep, within } from "./clock.ts";
import type { ClusterView } from "./cluster.ts";
import { followedTimeline, isOverride, leadsTo, parseFence } from "./conninfo.ts";
import { diagnose, type Need } from "./diagnose.ts";
import { Failover } from "./failover.ts";
import { fencesNeeded, type Target } from "./fence.ts";
import type { Member } from "./instances.ts";
import type { Parts } from "./parts.ts";
import type { Peers } from "./peers.ts";
import { Picture, type Sight } from "./picture.ts";
import { type Leader, pointAt, release, resetPrimary, type Seen, takeOver } from "./repair.ts";
import { tellUntilDone } from "./tell.ts";
import { answeringForMs } from "./timings.ts";
import { Ballot, type PrimaryId, type VoteAnswer, type VoteRequest } from "./vote.ts";

export interface WatcherOptions {
  readonly parts: Parts;
  readonly peers: Peers;
  /** Three, in rank order. */
  readonly sites: readonly string[];
  readonly witnessSite: string;
  /** That each commit waits for. */
  readonly synchronousStandbys: number;
  readonly onFailover?: (kind: "promoted" | "given up" | "unclear", tookMs: number) => void;
}

/** One site's watcher: looks at every instance, votes, and leads a failover or repairs when it is its turn. */
export class Watcher {
  readonly picture: Picture;
  readonly #options: WatcherOptions;
  readonly #parts: Parts;
  readonly #ballot: Ballot;
  readonly #probed = new Set<string>();
  /** Since when each instance is looked at more often. */
  readonly #oddSinceMs = new Map<string, number>();
  /** Ends the pause before the next question to an instance. */
  readonly #wakers = new Map<string, () => void>();
  #cluster: ClusterView | undefined;
  #refreshNow: (() => void) | undefined;
  #clusterSeenMs = Number.NEGATIVE_INFINITY;
  /** When the cluster was first seen as it is, and since when a move of the primary is planned. */
  #unchangedSinceMs = Number.POSITIVE_INFINITY;
  #plannedSinceMs: number | undefined;
  /** The instances of this site that were flushed for the move that is planned. */
  readonly #flushed = new Set<string>();
  #checkpointing = false;
  #settledSinceMs: number | undefined;
  #releasedMs = Number.NEGATIVE_INFINITY;
  #suspectedSinceMs: number | undefined;
  /** When another site was last asked that said it sees the suspected primary alive. */
  #aliveElsewhereMs = Number.NEGATIVE_INFINITY;
  #triedMs = Number.NEGATIVE_INFINITY;
  #pauseUntilMs = Number.NEGATIVE_INFINITY;
  #repairedMs = Number.NEGATIVE_INFINITY;
  #busy = false;
  #leaving = false;
  /** The last of what a move of the primary leaves to do. */
  #handingOver: Promise<void> = Promise.resolve();
  /** When a planned move may be tried next, and the last update that moved the primary. */
  #plannedAgainMs = Number.NEGATIVE_INFINITY;
  #updated: { generation: number; atMs: number } | undefined;
  readonly #stopping = new AbortController();

  constructor(options: WatcherOptions) {
    const { clock, timings } = options.parts;
    this.#options = options;
    this.#parts = options.parts;
    this.picture = new Picture(timings);
    this.#ballot = new Ballot({
      leaseMs: timings.leaseMs,
      holdMs: timings.voteTimeoutMs,
      startedMs: clock.nowMs(),
      firstTerm: Math.floor(clock.epochMs()),
      rank: options.sites.indexOf(options.parts.site),
      voters: options.sites.length,
    });
  }

  start(): void {
    this.#parts.instances.onClosed((name) => {
      const nowMs = this.#parts.clock.nowMs();
      this.picture.sights.get(name)?.suspicion.failed("refused", nowMs, nowMs);
      this.#wakers.get(name)?.();
    });
    this.#parts.cluster.follow(() => this.#refreshNow?.(), this.#stopping.signal);
    void this.#refreshLoop();
    void this.#tickLoop();
  }

  stop(): void {
    this.#stopping.abort();
  }

  /**
   * Stops, but not in the middle of a move of the primary: its votes bind the others for a while, in which nobody would go on with it. Nothing
   * new is begun.
   */
  async leave(): Promise<void> {
    this.#leaving = true;
    const { clock, timings } = this.#parts;
    const untilMs = clock.nowMs() + timings.leaveTimeoutMs;
    while (this.#busy && clock.nowMs() < untilMs) await sleep(clock, timings.tickMs);
    await within(clock, Math.max(0, untilMs - clock.nowMs()), "handing over", this.#handingOver).catch(() => undefined);
    this.stop();
  }

  get #stopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  get cluster(): ClusterView | undefined {
    return this.#cluster;
  }

  /** Answers a candidate, this watcher itself included. */
  vote(request: VoteRequest): VoteAnswer {
    const nowMs = this.#parts.clock.nowMs();
    const suspects = this.picture.suspects(request.primary, nowMs);
    const live = this.picture.livePrimary(nowMs);
    const alive = !suspects && live?.instance === request.primary.instance && live.timeline === request.primary.timeline;
    const agrees = suspects || this.#nextPlanned(request.primary, nowMs) !== undefined;
    // What is planned, the candidate may have heard of sooner.
    if (!agrees && nowMs - this.#clusterSeenMs > this.#parts.timings.calmIntervalMs) this.#refreshNow?.();
    return { ...this.#ballot.consider(request, nowMs, !this.#handsOff && agrees), alive };
  }

  /**
   * Whether this site alone does not reach the primary: another site had an answer of it since this one suspects it, and nobody moves it.
   * Nothing will come of the suspicion, and what this site accepts it cannot write. On a busy machine the others may just be later to notice.
   */
  get overruled(): boolean {
    const { clock, timings } = this.#parts;
    const nowMs = clock.nowMs();
    const { primary } = this.picture;
    if (!primary || !this.picture.suspects(primary, nowMs) || this.#ballot.open(nowMs)) return false;
    const aliveAfterMs = this.#aliveElsewhereMs - (this.#suspectedSinceMs ?? nowMs);
    return aliveAfterMs >= answeringForMs(timings) && nowMs - this.#aliveElsewhereMs < 2 * timings.voteTimeoutMs;
  }

  livePrimary(): PrimaryId | undefined {
    return this.picture.livePrimary(this.#parts.clock.nowMs());
  }

  get #handsOff(): boolean {
    return this.#cluster?.handsOff ?? false;
  }

  async #refreshLoop(): Promise<void> {
    const { clock, log, timings } = this.#parts;
    while (!this.#stopped) {
      try {
        await this.#look();
      } catch (error) {
        this.#settledSinceMs = undefined;
        log.debug({ reason: (error as Error).message }, "the API does not answer, going on with what is known");
      }
      await new Promise<void>((resolve) => {
        const apiAnswers = clock.nowMs() - this.#clusterSeenMs < timings.calmIntervalMs;
        const settled = this.#cluster?.currentPrimary === this.picture.primary?.instance;
        const isCalm = apiAnswers && settled && !this.#waitsForCalm(clock.nowMs());
        const cancel = clock.after(isCalm ? timings.refreshIntervalMs : timings.calmIntervalMs, resolve);
        this.#refreshNow = () => {
          cancel();
          resolve();
        };
      });
    }
  }

  async #look(): Promise<void> {
    const { clock, cluster } = this.#parts;
    const view = await cluster.look();
    const nowMs = clock.nowMs();
    if (view.version !== this.#cluster?.version) this.#unchangedSinceMs = nowMs;
    this.#plannedSinceMs = view.planned && (this.#plannedSinceMs ?? nowMs);
    this.#cluster = view;
    this.#clusterSeenMs = nowMs;
    this.#noteSettled(view);
    this.picture.list(view.members, clock.nowMs());
    for (const { name } of view.members) this.#startProbing(name);
    this.#forgetGone();
  }

  /**
   * Every watcher that sees the primary move tells the operator, be the new one alive or not: whoever led the failover may be gone when
   * the API is back, and the old primary must not come back as one.
   */
  #noteMove(before: PrimaryId): void {
    const { primary } = this.picture;
    this.#settledSinceMs = undefined;
    if (this.#cluster?.planned?.why === "an update waits for it")
      this.#updated = { generation: this.#cluster.generation, atMs: this.#parts.clock.nowMs() };
    if (!primary || !this.#cluster || this.picture.disputed || this.#handsOff) return;
    // The operator has been told of the next one: it is this watcher that is late.
    const { currentPrimary, targetPrimary } = this.#cluster;
    if (currentPrimary === primary.instance ? targetPrimary !== primary.instance : currentPrimary !== before.instance) return;
    const isNewest = (): boolean => !this.#stopped && this.picture.primary?.timeline === primary.timeline;
    void tellUntilDone(this.#parts, primary, { ...this.#cluster, replaced: before.instance }, isNewest);
    this.#refreshNow?.();
  }

  #noteSettled({ currentPrimary, targetPrimary, labelled }: ClusterView): void {
    const primary = this.livePrimary();
    const settled =
      primary !== undefined && [currentPrimary, targetPrimary, labelled.join()].every((name) => name === primary.instance) && primary;
    if (!settled) this.#settledSinceMs = undefined;
    else this.#settledSinceMs ??= this.#parts.clock.nowMs();
  }

  #startProbing(name: string): void {
    if (this.#probed.has(name)) return;
    this.#probed.add(name);
    void this.#probeLoop(name);
    void this.#writeLoop(name);
  }

  /** An instance that Kubernetes no longer lists is kept as long as it may matter. */
  #forgetGone(): void {
    const nowMs = this.#parts.clock.nowMs();
    for (const [name, { gone, answeredMs, member }] of this.picture.sights) {
      if (gone && this.picture.primary?.instance !== name && nowMs - answeredMs > 60_000) {
        this.picture.sights.delete(name);
        this.#probed.delete(name);
        this.#parts.instances.forget(member);
      }
    }
  }

  async #probeLoop(name: string): Promise<void> {
    const { clock, instances } = this.#parts;
    for (let sight = this.picture.sights.get(name); sight && !this.#stopped; sight = this.picture.sights.get(name)) {
      const askedMs = clock.nowMs();
      const answer = sight.gone ? ({ failure: "refused", reason: "the pod is gone" } as const) : await instances.ask(sight.member);
      const before = this.picture.primary;
      this.picture.note(name, answer, askedMs, clock.nowMs());
      if (before && this.picture.primary !== before) this.#noteMove(before);
      if ("state" in answer) this.#ballot.heardOf(parseFence(answer.state.conninfo)?.term ?? 0);
      await new Promise<void>((resolve) => {
        const cancel = clock.after(this.#intervalMs(name), resolve);
        this.#wakers.set(name, () => {
          cancel();
          resolve();
        });
      });
    }
  }

  /**
   * Often while the primary is in doubt, or a standby that answers does not stream; but not for ever: somebody may be working on it, and the
   * cores are needed. Nothing waits for a standby that refuses, and each refusal costs a process of its server, which is starting up.
   */
  #intervalMs(name: string): number {
    const { clock, timings } = this.#parts;
    const answers = this.picture.sights.get(name)?.failure === undefined;
    const odd = (answers && this.picture.isOdd(name)) || this.picture.isOdd(this.picture.primary?.instance ?? name);
    if (!odd) this.#oddSinceMs.delete(name);
    else if (!this.#oddSinceMs.has(name)) this.#oddSinceMs.set(name, clock.nowMs());
    const sinceMs = this.#oddSinceMs.get(name);
    return sinceMs !== undefined && clock.nowMs() - sinceMs < 60_000 ? timings.oddIntervalMs : timings.calmIntervalMs;
  }

  /** Only a write shows that a primary's disk takes one. */
  async #writeLoop(name: string): Promise<void> {
    const { clock, instances, timings } = this.#parts;
    let asked: { askedMs: number } | undefined;
    while (this.picture.sights.has(name) && !this.#stopped) {
      await sleep(clock, timings.writeIntervalMs);
      const sight = this.picture.sights.get(name);
      if (!sight || this.picture.primary?.instance !== name || sight.state?.inRecovery !== false) {
        sight?.suspicion.written();
        asked = undefined;
        continue;
      }
      if (asked) {
        sight.suspicion.cannotWrite(asked.askedMs, "waits");
        continue;
      }
      const question = { askedMs: clock.nowMs() };
      asked = question;
      void instances.tryWrite(sight.member).then((answer) => {
        if (asked !== question) return;
        asked = undefined;
        if (answer === "failed") sight.suspicion.cannotWrite(question.askedMs, "fails");
        else sight.suspicion.written();
        if (answer !== "written" || !this.#isNamed(name)) return;
        void this.#tidy(sight.member);
        void this.#hastenCheckpoint(sight.member);
      });
    }
  }

  /** Only where the operator wants this primary: where it wants another, the file may be its own first step. */
  async #tidy(member: Member): Promise<void> {
    const { instances, log } = this.#parts;
    const removed = await instances.removeStandbySignal(member).catch((error: Error) => {
      log.debug({ instance: member.name, reason: error.message }, "standby.signal not looked for");
      return false;
    });
    if (removed) log.warn({ instance: member.name, atMs: this.#parts.clock.epochMs() }, "repair: standby.signal removed from the primary");
  }

  /**
   * PostgreSQL spreads the checkpoint after a promotion over minutes. A failover in that time finds none complete: its old primary is rewound
   * to the last one before, which may be many failovers back, and cannot be once its WAL from there is gone. A standby that is made anew waits
   * for as long. Each is given one at once.
   */
  async #hastenCheckpoint(member: Member): Promise<void> {
    const { clock, instances, log, timings } = this.#parts;
    const nowMs = clock.nowMs();
    const primary = this.picture.livePrimary(nowMs);
    if (this.#checkpointing || this.#handsOff || primary?.instance !== member.name) return;
    if (this.#settledMs(nowMs) < timings.checkpointAfterMs) return;
    this.#checkpointing = true;
    try {
      const last = await instances.lastCheckpoint(member);
      if (last === undefined || !(last.awaited || last.timeline < primary.timeline) || !(await this.#isRepairer(primary))) return;
      await instances.flush(member);
      const why = last.awaited ? "a copy of it waits" : "it is a new primary";
      log.info({ primary, why, atMs: clock.epochMs(), tookMs: Math.round(clock.nowMs() - nowMs) }, "checkpoint hastened");
    } catch (error) {
      log.warn({ primary, reason: (error as Error).message }, "checkpoint not hastened");
    } finally {
      this.#checkpointing = false;
    }
  }

  async #tickLoop(): Promise<void> {
    const { clock, log, timings } = this.#parts;
    let dueMs = clock.nowMs();
    while (!this.#stopped) {
      const nowMs = clock.nowMs();
      if (nowMs - dueMs > timings.lagMs) {
        log.warn({ lagMs: Math.round(nowMs - dueMs) }, "this process was away");
        this.picture.excuse(nowMs);
        this.#suspectedSinceMs = undefined;
      }
      dueMs = nowMs + timings.tickMs;
      if (!this.#busy && !this.#leaving) this.#tick(nowMs);
      await sleep(clock, timings.tickMs);
    }
  }

  #tick(nowMs: number): void {
    const { timings, log, site } = this.#parts;
    const { primary } = this.picture;
    const isSuspected = primary !== undefined && this.picture.suspects(primary, nowMs);
    if (primary && !isSuspected) this.#flush(primary, nowMs);
    const mayPlan = !isSuspected && nowMs >= this.#plannedAgainMs && !this.#waitsForCalm(nowMs);
    const next = primary && mayPlan ? this.#nextPlanned(primary, nowMs) : undefined;
    if (!primary || !(isSuspected || next)) {
      this.#suspectedSinceMs = undefined;
      if (nowMs - this.#repairedMs >= timings.repairIntervalMs) {
        this.#repairedMs = nowMs;
        this.#hold(this.#repair());
      }
      return;
    }
    if (this.#suspectedSinceMs === undefined) {
      this.#suspectedSinceMs = nowMs;
      const evidence = this.picture.evidence(primary.instance, nowMs);
      this.#refreshNow?.();
      const plan = { why: this.#cluster?.planned?.why, slowestAnswerMs: Math.round(this.picture.slowestAnswerMs(nowMs)) };
      if (next) log.info({ primary, next, ...plan, atMs: this.#parts.clock.epochMs() }, "planned move");
      else log.warn({ primary, evidence, atMs: this.#parts.clock.epochMs() }, "primary suspected");
    }
    if (isSuspected && nowMs - this.#repairedMs >= timings.repairIntervalMs) {
      this.#repairedMs = nowMs;
      void this.#stepAside(primary);
    }
    // Each rank tries at a pace of its own too, or candidates that once collided would go on colliding.
    const rank = this.#options.sites.indexOf(site);
    const againMs = this.#triedMs + timings.voteIntervalMs * (1 + rank / 2);
    const dueMs = Math.max(this.#suspectedSinceMs + rank * timings.rankDelayMs, againMs, this.#pauseUntilMs);
    if (nowMs >= dueMs) {
      this.#triedMs = nowMs;
      this.#hold(this.#campaign(primary, next));
    }
  }

  #isQuiet(nowMs: number): boolean {
    return nowMs - this.#unchangedSinceMs >= this.#parts.timings.quietAfterMs;
  }

  /** A move is planned, and had better wait for a moment. */
  #waitsForCalm(nowMs: number): boolean {
    const { calmAnswerMs, calmPatienceMs, flushedAfterMs, quietAfterMs, restartedAfterMs } = this.#parts.timings;
    const plannedMs = nowMs - (this.#plannedSinceMs ?? Number.NEGATIVE_INFINITY);
    if (plannedMs < flushedAfterMs) return true;
    if (plannedMs >= calmPatienceMs) return false;
    const quietMs = this.#cluster?.planned?.why === "an update waits for it" ? restartedAfterMs : quietAfterMs;
    return nowMs - this.#unchangedSinceMs < quietMs || this.picture.slowestAnswerMs(nowMs) >= calmAnswerMs;
  }

  /**
   * Both the primary that ends and the one that begins write to disk what is in memory only, at once and in the pause. Most of it is written
   * before: each watcher sees to the instances of its own site.
   */
  #flush(primary: PrimaryId, nowMs: number): void {
    const { clock, instances, log, site, timings } = this.#parts;
    const plannedSinceMs = this.#handsOff ? undefined : this.#plannedSinceMs;
    if (plannedSinceMs === undefined) {
      this.#flushed.clear();
      return;
    }
    // Who hears late of a plan must not write in the midst of the move.
    if (this.#ballot.open(nowMs)) return;
    for (const { member, gone } of this.picture.sights.values()) {
      const afterMs = member.name === primary.instance ? 0 : timings.standbyFlushAfterMs;
      if (gone || member.site !== site || this.#flushed.has(member.name) || nowMs - plannedSinceMs < afterMs) continue;
      this.#flushed.add(member.name);
      instances.flush(member).then(
        () => log.info({ instance: member.name, atMs: clock.epochMs(), tookMs: Math.round(clock.nowMs() - nowMs) }, "flushed"),
        (error: unknown) => log.warn({ instance: member.name, error }, "not flushed"),
      );
    }
  }

  /**
   * Where a primary that lives is to move, if it is. The operator would shut it down first, for seconds in which nobody serves. The watchers
   * need not: once the standbys are fenced it can acknowledge nothing, be it up or not.
   */
  #nextPlanned(primary: PrimaryId, nowMs: number): string | undefined {
    const { timings } = this.#parts;
    const { planned, leaving = [], generation } = this.#cluster ?? {};
    const settled = this.#settledMs(nowMs) >= timings.plannedAfterMs;
    if (!planned || !settled || !this.#isFresh(nowMs) || this.#handsOff || this.#cluster?.currentPrimary !== primary.instance)
      return undefined;
    const isAgain = generation === this.#updated?.generation && nowMs - (this.#updated?.atMs ?? 0) < timings.updateAgainMs;
    if (planned.why === "an update waits for it" && isAgain) return undefined;
    const { witnessSite } = this.#options;
    return this.picture
      .standbys(nowMs)
      .filter(({ member, gone, state }) => !gone && state?.streaming && !leaving.includes(member.name))
      .map(({ member }) => member)
      .filter(({ name }) => name === (planned.to ?? name))
      .toSorted(
        (left, right) => Number(left.site === witnessSite) - Number(right.site === witnessSite) || (left.name < right.name ? -1 : 1),
      )[0]?.name;
  }

  /**
   * The operator moves a primary by itself by taking the Service away from the old one, and waiting until nothing follows it. A standby
   * that follows an address would not heed that: it goes back under the operator's lead.
   */
  async #stepAside(primary: PrimaryId): Promise<void> {
    const old = this.picture.sights.get(primary.instance);
    if (!old || this.#isNamed(primary.instance) || this.#clusterSeenMs + this.#parts.timings.refreshIntervalMs < this.#parts.clock.nowMs())
      return;
    for (const standby of this.picture.standbys(this.#parts.clock.nowMs())) {
      const conninfo = standby.state?.conninfo ?? "";
      const followed = followedTimeline(conninfo);
      if (followed !== undefined && followed <= primary.timeline && leadsTo(conninfo, old.member))
        await release(this.#parts, this.#seen(standby));
    }
  }

  #hold(work: Promise<void>): void {
    this.#busy = true;
    void work
      .catch((error: unknown) => this.#parts.log.warn({ error }, "step failed"))
      .finally(() => {
        this.#busy = false;
      });
  }

  /** @param wanted where a primary that lives is to move */
  async #campaign(primary: PrimaryId, wanted?: string): Promise<void> {
    const { clock, log, site, timings } = this.#parts;
    const { onFailover, sites, witnessSite } = this.#options;
    const needed = this.#fencesNeeded();
    const targets = this.#targets(primary);
    if (!this.#cluster || this.#handsOff || targets.length < needed) return;
    const startedMs = clock.nowMs();
    const term = this.#ballot.propose(primary, site, startedMs);
    if (term === undefined) return;
    const request = { term, site, primary };
    if (!(await this.#elected(request)) || !this.#ballot.win(request, startedMs)) return;
    this.#announce(request);
    log.info(
      { term: request.term, primary, atMs: clock.epochMs(), suspectedMs: startedMs - (this.#suspectedSinceMs ?? startedMs) },
      "elected",
    );
    const failover = new Failover(this.#parts, {
      term: request.term,
      primary,
      targets,
      fencesNeeded: needed,
      cluster: this.#cluster,
      witnessSite,
      wanted,
      isQuiet: this.#isQuiet(clock.nowMs()),
      isNewest: ({ timeline }) => !this.#stopped && (this.picture.primary?.timeline ?? 0) <= timeline,
    });
    const outcome = await failover.run();
    this.#handingOver = failover.finished;
    onFailover?.(outcome.kind, clock.nowMs() - startedMs);
    // The ranks again, so that the sites do not fence and unfence in step.
    if (outcome.kind === "promoted") {
      // Not only by the next question: the next tick would go after the old primary once more.
      this.picture.learn(outcome.primary);
      return;
    }
    this.#refreshNow?.();
    if (wanted !== undefined) this.#plannedAgainMs = clock.nowMs() + timings.plannedAgainMs;
    this.#pauseUntilMs = clock.nowMs() + timings.retryAfterMs * (1 + sites.indexOf(site) / 2);
  }

  /** The others that answered lately. What is done to them must be done while the votes that are now asked for bind. */
  #targets(primary: PrimaryId): Target[] {
    const { clock, timings } = this.#parts;
    return this.picture
      .standbys(clock.nowMs())
      .filter(({ member, gone }) => member.name !== primary.instance && !gone)
      .map(({ member, state }) => ({ member, expiresClockMs: (state?.clockMs ?? 0) + timings.leaseMs * 0.9 }));
  }

  #fencesNeeded(): number {
    return fencesNeeded(this.#instances, this.#options.synchronousStandbys);
  }

  /** A pod that is missing at the moment still counts: it may hold what nobody else does. */
  get #instances(): number {
    return Math.max(this.#cluster?.instances ?? 0, this.picture.sights.size);
  }

  /** The others hold still while this one works; who does not hear of it is kept off by the fences' terms. */
  #announce(request: VoteRequest): void {
    for (const peer of this.#options.sites.filter((each) => each !== this.#parts.site))
      this.#options.peers.askVote(peer, { ...request, elected: true }).catch(() => {});
  }

  /** Resolves as soon as most of the sites have granted it, this one included; soon after a refusal the next try has better chances. */
  async #elected(request: VoteRequest): Promise<boolean> {
    const { clock, log, site, timings } = this.#parts;
    const others = this.#options.sites.filter((each) => each !== site);
    const majority = Math.floor(this.#options.sites.length / 2) + 1;
    const askedMs = clock.nowMs();
    let granted = 1;
    let open = others.length;
    return await new Promise<boolean>((resolve) => {
      for (const peer of others) {
        const vote = within(clock, timings.voteTimeoutMs, "the vote", this.#options.peers.askVote(peer, request));
        void vote
          .then(
            (answer) => {
              this.#ballot.heardOf(answer.term);
              if (answer.alive) this.#aliveElsewhereMs = askedMs;
              if (answer.granted) {
                granted++;
              } else {
                log.info({ peer, term: request.term, reason: answer.reason }, "vote refused");
                clock.after(timings.voteIntervalMs, () => resolve(false));
              }
            },
            (error: Error) => log.info({ peer, term: request.term, reason: error.message }, "no vote"),
          )
          .then(() => {
            open--;
            if (granted >= majority) resolve(true);
            else if (open === 0) resolve(false);
          });
      }
    });
  }

  async #repair(): Promise<void> {
    const nowMs = this.#parts.clock.nowMs();
    const primary = this.picture.livePrimary(nowMs);
    const open = this.#ballot.open(nowMs);
    if (!primary || this.picture.disputed || this.#handsOff || (open && open.timeline >= primary.timeline)) return;
    const sight = this.picture.sights.get(primary.instance);
    if (!sight?.state) return;
    const leader = { member: sight.member, timeline: primary.timeline };
    await this.#rebuild(primary, nowMs);
    const stale = isOverride(sight.state.conninfo) && nowMs - sight.conninfoSinceMs > this.#parts.timings.repairIntervalMs;
    if (!stale && this.#needs(leader, this.#isNamed(primary.instance)).length === 0) return;
    if (!(await this.#isRepairer(primary))) return;
    if (stale) await resetPrimary(this.#parts, this.#seen(sight));
    // What the operator wants is asked anew: it may have just begun to move the primary itself.
    const named = await within(this.#parts.clock, this.#parts.timings.answerTimeoutMs, "the API", this.#look()).then(
      () => this.#isNamed(primary.instance),
      () => false,
    );
    for (const { standby, need } of this.#needs(leader, named)) {
      await this.#meet(need, standby, leader);
      if (need !== "point") break;
    }
  }

  /**
   * A rewind that was interrupted leaves a standby that nothing can start (pg_rewind's manual says so). The operator makes it anew, from a
   * primary that all agree on, and only while enough others hold what is acknowledged.
   */
  async #rebuild(primary: PrimaryId, nowMs: number): Promise<void> {
    const { cluster, clock, log, timings } = this.#parts;
    const settled = this.#settledMs(nowMs) >= timings.settledAfterMs;
    const streaming = this.picture.standbys(nowMs).filter(({ state }) => state?.streaming).length;
    const [broken] = this.picture.refusing(nowMs, timings.rebuildAfterMs).filter((name) => name !== primary.instance);
    if (broken === undefined || !settled || streaming < this.#options.synchronousStandbys || !(await this.#isRepairer(primary))) return;
    log.warn({ instance: broken, atMs: clock.epochMs() }, "repair: its server does not start: to be made anew");
    await cluster.declareUnrecoverable(broken);
    const sight = this.picture.sights.get(broken);
    if (sight) sight.refusals = undefined;
  }

  #needs(leader: Leader, named: boolean): { standby: Sight; need: Need }[] {
    return this.picture.standbys(this.#parts.clock.nowMs()).flatMap((standby) => {
      const need = this.#needOf(standby, leader, named);
      return need ? [{ standby, need }] : [];
    });
  }

  #needOf(sight: Sight, primary: Leader, named: boolean): Need | undefined {
    if (!sight.state) return undefined;
    const nowMs = this.#parts.clock.nowMs();
    const { timings } = this.#parts;
    const settled = this.#settledMs(nowMs) >= timings.settledAfterMs;
    const othersStreaming = this.picture.standbys(nowMs).filter((other) => other !== sight && other.state?.streaming).length;
    return diagnose(
      {
        state: sight.state,
        idleMs: nowMs - (sight.idleSinceMs ?? nowMs),
        conninfoMs: nowMs - sight.conninfoSinceMs,
        primary: primary.member,
        timeline: primary.timeline,
        allFenced: this.#fencesNeeded() >= this.#instances - 1,
        named,
        mayRelease:
          settled && othersStreaming >= this.#options.synchronousStandbys && nowMs - this.#releasedMs >= timings.notStreamingAfterMs,
      },
      timings,
    );
  }

  /** The operator wants this one, as of a moment ago. */
  #isNamed(primary: string): boolean {
    return this.#cluster?.targetPrimary === primary && this.#isFresh(this.#parts.clock.nowMs());
  }

  #isFresh(nowMs: number): boolean {
    return nowMs - this.#clusterSeenMs < 2 * this.#parts.timings.refreshIntervalMs;
  }

  /** For how long all has agreed on the primary; less than nothing while it does not. */
  #settledMs(nowMs: number): number {
    return nowMs - (this.#settledSinceMs ?? Number.POSITIVE_INFINITY);
  }

  #seen({ member, state }: Sight): Seen {
    const { timings } = this.#parts;
    return {
      member,
      conninfo: state?.conninfo ?? "",
      expiresClockMs: (state?.clockMs ?? 0) + timings.calmIntervalMs + timings.answerTimeoutMs,
    };
  }

  async #meet(need: Need, standby: Sight, leader: Leader): Promise<void> {
    const parts = this.#parts;
    const seen = this.#seen(standby);
    if (need === "point") {
      await pointAt(parts, seen, leader);
    } else if (need === "release") {
      this.#releasedMs = parts.clock.nowMs();
      await release(parts, seen);
    } else {
      const others = [...this.picture.sights.values()].filter(({ member }) => member.name !== leader.member.name);
      const standbys = this.picture.standbys(parts.clock.nowMs()).filter(({ member }) => member.name !== leader.member.name);
      if (standbys.length < Math.max(others.length, this.#instances - 1)) return;
      const term = this.#ballot.nextTerm();
      await takeOver(parts, {
        term,
        standbys: standbys.map(({ member, state }) => ({ member, clockMs: state?.clockMs ?? 0 })),
        primary: leader,
      });
    }
  }

  /** No watcher of a higher rank sees the same primary, and so would do it. */
  async #isRepairer(primary: PrimaryId): Promise<boolean> {
    const { clock, site, timings } = this.#parts;
    const before = this.#options.sites.slice(0, this.#options.sites.indexOf(site));
    const seen = await Promise.all(
      before.map((each) => within(clock, timings.voteTimeoutMs, "the peer", this.#options.peers.askPrimary(each)).catch(() => undefined)),
    );
    return !seen.some((other) => other?.instance === primary.instance && other.timeline === primary.timeline);
  }

  /** What this watcher sees, for people. */
  view(): object {
    const nowMs = this.#parts.clock.nowMs();
    return {
      site: this.#parts.site,
      primary: this.livePrimary() ?? null,
      lastPrimary: this.picture.primary ?? null,
      disputed: this.picture.disputed,
      instances: [...this.picture.sights.values()].map(({ member, gone, state, failure, answeredMs }) => ({
        ...describeMember(member),
        gone,
        ...(failure === undefined ? {} : { failure }),
        suspectedFor: this.picture.evidence(member.name, nowMs) ?? null,
        answeredMsAgo: Number.isFinite(answeredMs) ? Math.round(nowMs - answeredMs) : null,
        inRecovery: state?.inRecovery ?? null,
        timeline: state?.timeline ?? null,
        streaming: state?.streaming ?? null,
        override: state && isOverride(state.conninfo) ? (parseFence(state.conninfo) ?? "follows") : null,
      })),
      overruled: this.overruled,
      cluster: this.#cluster ?? null,
      votedFor: this.#ballot.open(nowMs) ?? null,
    };
  }
}

function describeMember({ name, site, address, port }: Member): object {
  return { name, site, address: `${address}:${port}` };
}
