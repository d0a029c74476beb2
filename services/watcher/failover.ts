import { type Candidate, chooseStandby } from "./choose-standby.ts";
import { OverdueError, sleep, within } from "./clock.ts";
import type { ClusterView } from "./cluster.ts";
import { fenceMarker, follow, leadingFence } from "./conninfo.ts";
import { type FencedStandby, fenceStandby, readFenced, type Target, unfence } from "./fence.ts";
import type { Control, Examined, Member } from "./instances.ts";
import type { Parts } from "./parts.ts";
import { firstAnswer, tellUntilDone } from "./tell.ts";
import type { PrimaryId } from "./vote.ts";

export interface Election {
  readonly term: number;
  readonly primary: PrimaryId;
  /** The other instances. */
  readonly targets: readonly Target[];
  readonly fencesNeeded: number;
  readonly cluster: ClusterView;
  readonly witnessSite: string;
  /** The primary lives and is to move, to this instance. */
  readonly wanted?: string | undefined;
  /** Nobody has changed the cluster lately. */
  readonly isQuiet?: boolean;
  /** Whether that instance is still the newest primary known. */
  readonly isNewest: (primary: PrimaryId) => boolean;
}

/** `unclear`: a promotion was asked for, here or of the operator, and nobody knows what came of it. The fences stay until somebody knows (repair.ts). */
export type Outcome =
  | { readonly kind: "promoted"; readonly primary: PrimaryId; readonly member: Member }
  | { readonly kind: "given up" | "unclear"; readonly reason: string };

type Read = FencedStandby & Candidate;

/** Moves the primary: fence, read, choose, tell, promote, point the others at it. The leader of a term does it once. */
export class Failover {
  readonly #parts: Parts;
  readonly #election: Election;
  readonly #marker: string;
  readonly #attempts: Promise<FencedStandby | undefined>[] = [];
  readonly #fenced: FencedStandby[] = [];
  /** By instance, where the fence is another conninfo than the marker: it leads to the next primary. */
  readonly #leading = new Map<string, string>();
  readonly #startedMs: number;
  /** With the instance that is fenced last: a new one takes long in the moment in which commits wait. */
  #ready: Control | undefined;
  #finished: Promise<void> = Promise.resolve();
  #stepMs: number;
  #touchedMs = Number.NEGATIVE_INFINITY;
  /** When the fences were last begun to be read. */
  #readMs = Number.NEGATIVE_INFINITY;

  constructor(parts: Parts, election: Election) {
    this.#parts = parts;
    this.#election = election;
    this.#marker = fenceMarker({ term: election.term, site: parts.site, timeline: election.primary.timeline });
    this.#startedMs = parts.clock.nowMs();
    this.#stepMs = this.#startedMs;
  }

  /** Once it has run: resolves when every standby has been dealt with that was fenced, and never rejects. */
  get finished(): Promise<void> {
    return this.#finished;
  }

  /** Never throws. */
  async run(): Promise<Outcome> {
    const { term, primary } = this.#election;
    this.#parts.log.info({ term, primary, atMs: this.#parts.clock.epochMs() }, "failover begins");
    const outcome = await this.#move().catch((error: unknown): Outcome => ({ kind: "given up", reason: (error as Error).message }));
    this.#ready?.close();
    if (outcome.kind === "given up") {
      this.#finish((standby) => unfence(this.#parts, standby, this.#fenceOf(standby)));
    } else if (outcome.kind === "unclear") {
      this.#finish(async () => {});
    }
    const { kind, ...rest } = outcome;
    const tookMs = Math.round(this.#parts.clock.nowMs() - this.#startedMs);
    this.#parts.log[kind === "promoted" ? "info" : "warn"](
      { term, ...rest, tookMs, atMs: this.#parts.clock.epochMs() },
      `failover ${kind === "promoted" ? "done" : kind}`,
    );
    return outcome;
  }

  async #move(): Promise<Outcome> {
    const { cluster, primary, targets, wanted } = this.#election;
    if (wanted !== undefined) return await this.#moveLiving(wanted);
    // Asked beside the fencing. What has not been answered by then is not waited for.
    let isQuiet = false;
    void this.#isQuiet().then((answer) => {
      isQuiet = answer;
    });
    await this.#fence(targets);
    const reads = await this.#readAll();
    this.#step("standbys fenced and read", { standbys: reads.map(({ member, examined }) => `${member.name} ${examined.flushed}`) });
    const chosen = this.#choose(reads, cluster.targetPrimary === primary.instance ? "" : cluster.targetPrimary);
    const others = reads.filter(({ member }) => member !== chosen.member);
    // Both take a moment, and both are settled before anything is undone.
    const isIdle = isQuiet && this.#isManaged(chosen.examined);
    const [told] = await Promise.allSettled([this.#tell(chosen.member.name, isIdle), this.#leadWhoCan(others, chosen.member)]);
    if (told.status === "rejected") throw told.reason;
    return await this.#promote(chosen, reads);
  }

  #fenceOf({ member }: FencedStandby): string {
    return this.#leading.get(member.name) ?? this.#marker;
  }

  /**
   * The wanted one is fenced last. Until then it hears of every commit, so that it goes as far as any, and the primary goes on serving. The
   * others follow it already, so that none need look for it when it is the primary.
   */
  async #moveLiving(wanted: string): Promise<Outcome> {
    const { fencesNeeded, targets } = this.#election;
    const next = targets.find(({ member }) => member.name === wanted);
    if (!next) throw new Error(`${wanted} is to be the primary, and does not answer`);
    await this.#fence(targets.filter((target) => target !== next));
    if (this.#fenced.length < fencesNeeded - 1) throw new Error(`${this.#fenced.length} of ${fencesNeeded - 1} others are fenced`);
    this.#ready = await this.#open(next.member);
    const examined = await this.#lead(next.member, this.#ready);
    const isQuiet = this.#isManaged(examined) && (await this.#isQuiet());
    const telling = this.#tell(wanted, isQuiet);
    const fenceOnceTold = async (): Promise<[Read, Read[]]> => {
      // Nothing presses: its instance manager would shut down a primary that it has not heard of.
      if (!(await telling)) throw new Error("the API does not answer");
      return await this.#fenceNext(next);
    };
    const fencing = isQuiet ? this.#fenceNext(next) : fenceOnceTold();
    fencing.catch(() => {});
    await telling;
    try {
      return await this.#promote(...(await fencing));
    } catch (error) {
      this.#parts.log.info({ next: wanted, reason: (error as Error).message }, "the next primary is the operator's to promote");
      const left = this.#awaitOperator(next.member);
      return await left.catch((failure: Error): Outcome => ({ kind: "unclear", reason: failure.message }));
    }
  }

  /** From here on the old primary acknowledges nothing. @throws Error where the wanted one is not the one to promote */
  async #fenceNext(next: Target): Promise<[Read, Read[]]> {
    const ready = this.#ready;
    this.#ready = undefined;
    await this.#fence([next], ready);
    const reads = await this.#readAll();
    this.#step("next primary fenced and read", { standbys: reads.map(({ member, examined }) => `${member.name} ${examined.flushed}`) });
    const { name } = next.member;
    const chosen = this.#choose(reads, name);
    if (chosen.member.name !== name) throw new Error(`${name} is to be the primary, and is not as far as ${chosen.member.name}`);
    return [chosen, reads];
  }

  /**
   * Whether no instance manager works on old news. Then none takes the next primary for a deposed one, and none is waited for. In a planned move
   * the operator is told beside the last fence then, so that the pause is as long as the longer of the two; not after the promotion, for a manager
   * that has begun to look before it is told would shut the new primary down. Told sooner, the old primary's manager shuts it down within 0.1 to
   * 2 s, in the very moment in which the next one needs the processor, and that of the next one hears of it as soon or as late. Where it is not
   * quiet the operator is told before: should it carry the move out itself, the wanted one is still the right one, for while the others are
   * fenced no commit is acknowledged that it does not have.
   */
  async #isQuiet(): Promise<boolean> {
    const { clock, cluster, timings } = this.#parts;
    const { cluster: seen, isQuiet } = this.#election;
    // A wish that is not carried out is what managers are busy with, however long ago it was written.
    if (isQuiet !== true || seen.targetPrimary !== seen.currentPrimary) return false;
    const now = await within(clock, timings.voteTimeoutMs, "reading the cluster", cluster.version()).catch(() => undefined);
    return now === seen.version;
  }

  /** Its manager has started long ago, and works on no news that it read then. */
  #isManaged({ upMs }: Examined): boolean {
    return upMs >= this.#parts.timings.managerStartsMs;
  }

  /**
   * An instance manager that has heard of the wish may be quicker, and promotes the next primary before it is fenced. That is as good, as
   * long as the others are fenced. @throws when it does not come about
   */
  async #awaitOperator(next: Member): Promise<Outcome> {
    const { promoteTimeoutMs } = this.#parts.timings;
    const control = await this.#open(next);
    const promoted = this.#polling(control, promoteTimeoutMs, async ({ inRecovery, timeline }, isLate) => {
      if (inRecovery && isLate) throw new OverdueError("the promotion", promoteTimeoutMs);
      return inRecovery ? undefined : timeline;
    });
    const primary = { instance: next.name, timeline: await promoted.finally(() => control.close()) };
    this.#handOver(next, primary, this.#fenced.length);
    return { kind: "promoted", primary, member: next };
  }

  async #open(member: Member): Promise<Control> {
    const { clock, instances, timings } = this.#parts;
    return await within(clock, timings.fenceTimeoutMs, "connecting", instances.open(member));
  }

  /**
   * Lets the fenced ones follow the one that is fenced last. Resolves when it has all that they have, and they what it has, or had their
   * moment: who is late follows as soon as it can. @throws when it does not catch up
   */
  async #lead(next: Member, control: Control): Promise<Examined> {
    const goals = await Promise.all(this.#fenced.map((standby) => readFenced(this.#parts, standby, this.#marker)));
    await Promise.all(this.#fenced.map((standby) => this.#leadOne(standby, next)));
    const examined = await this.#polling(control, this.#parts.timings.fenceTimeoutMs, async (seen, isLate) => {
      const { flushed = -1n } = seen;
      const isFurthest = goals.every((goal) => (goal.flushed ?? 0n) <= flushed);
      if (isFurthest && (isLate || (await this.#areFollowing(flushed)))) return seen;
      if (isLate) throw new Error(`${next.name} is to be the primary, and does not catch up`);
      return undefined;
    });
    this.#step("the others fenced, and follow the next primary", { fenced: this.#fenced.length });
    return examined;
  }

  /** Examines the next primary again and again, until something comes of it. @param isLate the time is over */
  async #polling<T>(control: Control, limitMs: number, look: (seen: Examined, isLate: boolean) => Promise<T | undefined>): Promise<T> {
    const { clock, timings } = this.#parts;
    const untilMs = clock.nowMs() + limitMs;
    for (;;) {
      const seen = await within(clock, timings.fenceTimeoutMs, "reading the next primary", control.examine());
      const found = await look(seen, clock.nowMs() > untilMs);
      if (found !== undefined) return found;
      await sleep(clock, timings.promotePollMs);
    }
  }

  /** Who does not get to it is pointed at the new primary later, and then connects to it in the moment in which commits wait for it. */
  async #leadWhoCan(others: readonly FencedStandby[], next: Member): Promise<void> {
    const failed = (standby: FencedStandby, error: Error): void =>
      this.#parts.log.warn({ instance: standby.member.name, reason: error.message }, "standby not led to the next primary yet");
    await Promise.all(others.map((standby) => this.#leadOne(standby, next).catch((error: Error) => failed(standby, error))));
    this.#step("the others led to the next primary", { led: this.#leading.size });
  }

  async #leadOne(standby: FencedStandby, next: Member): Promise<void> {
    const { term, primary } = this.#election;
    const to = leadingFence(standby.base, next, { term, site: this.#parts.site, timeline: primary.timeline });
    const change = { from: this.#marker, to, inRecovery: true, expiresClockMs: standby.expiresClockMs };
    const done = await within(this.#parts.clock, this.#parts.timings.fenceTimeoutMs, "leading a standby", standby.control.change(change));
    if (!done) throw new Error(`the fence of ${standby.member.name} is gone`);
    this.#leading.set(standby.member.name, to);
  }

  async #areFollowing(flushed: bigint): Promise<boolean> {
    const reads = await Promise.all(this.#fenced.map((standby) => readFenced(this.#parts, standby, this.#fenceOf(standby))));
    return reads.every((read) => read.receiving && (read.flushed ?? 0n) >= flushed);
  }

  #choose(reads: readonly Read[], named: string): Read {
    const { primary, witnessSite } = this.#election;
    const chosen = chooseStandby(reads, { timeline: primary.timeline, named, witnessSite });
    if (!chosen) throw new Error("no standby followed the old primary");
    return chosen;
  }

  /** Fences them in parallel. Resolves when all have been, or enough and the rest had its moment. @param ready the session, of a single one */
  async #fence(targets: readonly Target[], ready?: Control): Promise<void> {
    const { clock, timings, log } = this.#parts;
    const { fencesNeeded, term, primary } = this.#election;
    let pending = targets.length;
    await new Promise<void>((resolve) => {
      const settled = (): void => {
        pending--;
        if (pending === 0) resolve();
        else if (this.#fenced.length === fencesNeeded) clock.after(timings.fenceWaitMs, resolve);
      };
      if (pending === 0) resolve();
      clock.after(timings.fenceAllTimeoutMs, resolve);
      for (const target of targets) {
        const fence = { term, site: this.#parts.site, timeline: primary.timeline, against: primary.instance };
        const attempt = fenceStandby(this.#parts, target, fence, ready);
        this.#attempts.push(
          attempt.then(
            (standby) => {
              this.#fenced.push(standby);
              settled();
              return standby;
            },
            (error: Error) => {
              log.warn({ instance: target.member.name, reason: error.message }, "standby not fenced");
              settled();
              return undefined;
            },
          ),
        );
      }
    });
  }

  /** What of the fences stands, and how far each standby goes. @throws when too few stand or one is ahead of the old primary */
  async #readAll(standbys: readonly FencedStandby[] = this.#fenced): Promise<Read[]> {
    const reads: Read[] = [];
    this.#readMs = this.#parts.clock.nowMs();
    await Promise.all(
      standbys.map(async (standby) => {
        const examined = await readFenced(this.#parts, standby, this.#fenceOf(standby)).catch(() => undefined);
        if (examined) reads.push({ ...standby, examined });
      }),
    );
    if (reads.length < this.#election.fencesNeeded) throw new Error(`${reads.length} of ${this.#election.fencesNeeded} fences stand`);
    if (reads.some(({ examined }) => examined.timeline > this.#election.primary.timeline)) {
      throw new Error("a standby has followed a later primary");
    }
    return reads;
  }

  /**
   * CloudNativePG hears of it before it happens, if the API answers in time, else in the background. A quiet cluster has just been read, and is told
   * by one request: where that is not answered in time it is most likely on its way, and ahead of what would make an instance manager look.
   * @returns whether it has answered. @throws Error where the operator has moved on by itself
   */
  async #tell(next: string, isQuiet: boolean): Promise<boolean> {
    const { clock, cluster, timings } = this.#parts;
    const { cluster: seen } = this.#election;
    const expected = { reign: seen.reign, wish: seen.wish };
    const untilMs = clock.nowMs() + timings.heardTimeoutMs;
    const ask = <T>(work: () => Promise<T>): Promise<T> => firstAnswer(clock, timings, work);
    let wasQuiet = isQuiet;
    const nameWhileUnchanged = cluster.nameWhileUnchanged(next, seen);
    const telling = ask(async () => {
      if (isQuiet && (await nameWhileUnchanged())) return true;
      wasQuiet = false;
      return await cluster.namePrimary(next, expected);
    });
    // With the name, not after it: an instance manager that finds the Lease another's tries again only after its retry period.
    const giving = ask(() => cluster.giveLease(next));
    const answer = within(clock, timings.tellTimeoutMs, "telling the operator", telling).catch(() => undefined);
    const named = await this.#keepingSessions(answer);
    if (named === false) throw new Error("the operator has moved on by itself");
    this.#step("operator told", { next, answered: named === true });
    if (named && !wasQuiet) await this.#awaitHeard(next, giving, untilMs);
    return named === true;
  }

  /**
   * An instance manager that still works on old news would take its own server, once it is promoted, for a deposed primary's, and shut it
   * down: it looks who is to be the primary first, and only after some time whether it is one. So it must have heard first, or had its moment.
   */
  async #awaitHeard(next: string, giving: Promise<() => Promise<boolean>>, untilMs: number): Promise<void> {
    const { clock, timings } = this.#parts;
    const hearing = (async () => {
      for (const hasHeard = await giving; clock.nowMs() <= untilMs; await sleep(clock, timings.heardPollMs)) {
        if (await hasHeard()) return true;
      }
      return false;
    })();
    const heard = await this.#keepingSessions(within(clock, untilMs - clock.nowMs(), "its instance manager", hearing).catch(() => false));
    this.#step("instance manager told", { next, heard });
  }

  /**
   * From here on nothing is undone: the operator has been told, and promotes the chosen standby itself if this watcher does not, or the promotion
   * is on its way. To let the other standbys go back to the old primary would give it the acknowledgements that the new one lacks.
   */
  async #promote(chosen: Read, reads: readonly Read[]): Promise<Outcome> {
    const { clock, timings } = this.#parts;
    try {
      // While the operator was told, somebody else may have had the same idea, or what an earlier failover promoted has woken up; or it is the
      // chosen one itself, whose instance manager was quick.
      if (!this.#election.isNewest(this.#election.primary)) {
        const { inRecovery } = await within(clock, timings.answerTimeoutMs, "reading the next primary", chosen.control.examine());
        if (inRecovery) throw new Error("there is a newer primary");
      }
      const promotion = (await this.#stillStand(reads))
        ? chosen.control.promote(this.#marker, chosen.expiresClockMs)
        : Promise.resolve(false);
      const begun = await within(clock, timings.answerTimeoutMs, "promoting", promotion);
      this.#step(begun ? "promotion begun" : "promotion left to the operator", { next: chosen.member.name });
      const others = reads.filter(({ member }) => member.name !== chosen.member.name);
      const timeline = await this.#awaitPrimary(chosen, others);
      this.#step("promoted", { next: chosen.member.name, timeline });
      const primary = { instance: chosen.member.name, timeline };
      this.#handOver(chosen.member, primary, reads.length - 1);
      return { kind: "promoted", primary, member: chosen.member };
    } catch (error) {
      return { kind: "unclear", reason: (error as Error).message };
    }
  }

  /** The fences that were read, which need not be read again a moment later: nobody may lift one while the votes bind. */
  async #stillStand(reads: readonly Read[]): Promise<boolean> {
    const { clock, timings } = this.#parts;
    if (clock.nowMs() - this.#readMs < timings.readAgainAfterMs) return true;
    return await this.#readAll(reads).then(
      () => true,
      () => false,
    );
  }

  /** Waits for the work; the sessions with the fenced standbys do not end meanwhile. */
  async #keepingSessions<T>(work: Promise<T>): Promise<T> {
    const { clock, timings } = this.#parts;
    let isOver = false;
    const over = work.finally(() => {
      isOver = true;
    });
    void (async () => {
      for (; !isOver; await sleep(clock, timings.heardPollMs)) this.#touch(this.#fenced);
    })();
    return await over;
  }

  /** Sessions end when they idle, and these are needed in a moment. */
  #touch(standbys: readonly FencedStandby[]): void {
    const { clock, timings } = this.#parts;
    if (clock.nowMs() - this.#touchedMs <= timings.answerTimeoutMs / 4) return;
    this.#touchedMs = clock.nowMs();
    for (const control of [...standbys.map((standby) => standby.control), this.#ready]) control?.examine().catch(() => {});
  }

  async #awaitPrimary(chosen: Read, others: readonly Read[]): Promise<number> {
    const { clock, timings } = this.#parts;
    const untilMs = clock.nowMs() + timings.promoteTimeoutMs;
    for (;;) {
      this.#touch(others);
      const examined = await within(clock, timings.answerTimeoutMs, "reading the new primary", chosen.control.examine());
      if (!examined.inRecovery) return examined.timeline;
      if (clock.nowMs() > untilMs) throw new OverdueError("the promotion", timings.promoteTimeoutMs);
      await sleep(clock, timings.promotePollMs);
    }
  }

  /** Points the other standbys at the new primary, each as soon as it is fenced; the new primary itself loses its override. */
  #handOver(next: Member, primary: PrimaryId, standbys: number): void {
    const handedOver = this.#finish(async (standby) => {
      if (standby.member.name === next.name) {
        await standby.control.change({ from: this.#marker, to: undefined, inRecovery: false });
        return;
      }
      // Another conninfo would make it connect anew, in the very moment in which commits wait for it.
      if (this.#leading.has(standby.member.name)) return;
      const to = follow(standby.base, next, primary.timeline);
      const done = await standby.control.change({ from: this.#marker, to, inRecovery: true });
      this.#step("standby pointed at the new primary", { instance: standby.member.name, done });
    });
    void handedOver.then(() => this.#step("handed over", { standbys }));
    const { cluster, primary: replaced } = this.#election;
    const expected = { ...cluster, replaced: replaced.instance };
    void tellUntilDone(this.#parts, primary, expected, () => this.#election.isNewest(primary));
  }

  /** Does the last thing to every standby that is fenced, or will be late, and closes its session. */
  async #finish(action: (standby: FencedStandby) => Promise<void>): Promise<void> {
    const { clock, timings, log } = this.#parts;
    const all = Promise.all(
      this.#attempts.map(async (attempt) => {
        const standby = await attempt;
        if (!standby) return;
        const take = (of: FencedStandby): Promise<void> => within(clock, timings.fenceTimeoutMs, "the last step", action(of));
        await take(standby)
          .catch(() => this.#inNewSession(standby, take))
          .catch((error: Error) => {
            log.warn({ instance: standby.member.name, reason: error.message }, "last step not done, left to repair");
          });
        standby.control.close();
      }),
    );
    this.#finished = all.then(() => undefined);
    await this.#finished;
  }

  /** Whatever became of the first session: the change is made only where this failover's own fence still stands. */
  async #inNewSession(standby: FencedStandby, take: (standby: FencedStandby) => Promise<void>): Promise<void> {
    const control = await this.#parts.instances.open(standby.member);
    await take({ ...standby, control }).finally(() => control.close());
  }

  #step(text: string, details: object): void {
    const { clock, log } = this.#parts;
    const nowMs = clock.nowMs();
    const times = { atMs: clock.epochMs(), tookMs: Math.round(nowMs - this.#stepMs), sinceMs: Math.round(nowMs - this.#startedMs) };
    log.info({ term: this.#election.term, ...details, ...times }, text);
    this.#stepMs = nowMs;
  }
}
