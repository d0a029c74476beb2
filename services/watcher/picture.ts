import type { Answer, InstanceState, Member } from "./instances.ts";
import { Suspicion } from "./suspicion.ts";
import { answeringForMs, type Timings } from "./timings.ts";
import type { PrimaryId } from "./vote.ts";

/**
 * What is slow for all is no death. Silence counts after this part of its time, and so many times the slowest answer of the other instances
 * lately longer.
 */
const silentSoonest = 2 / 3;
const silentSlack = 4;
const latelyMs = 3000;

/** One instance as this watcher sees it. */
export interface Sight {
  member: Member;
  /** Not in Kubernetes' list any more. */
  gone: boolean;
  state?: InstanceState;
  /** Why the last question was not answered. */
  failure?: string;
  answeredMs: number;
  /** How long each of its answers took, lately. */
  answers: { atMs: number; tookMs: number }[];
  readonly suspicion: Suspicion;
  /** Since when a standby has not been streaming, and its conninfo is what it is. */
  idleSinceMs?: number | undefined;
  conninfoSinceMs: number;
  /** Refusals in a row: its node answers, its server does not run. */
  refusals?: { sinceMs: number; count: number } | undefined;
}

/** All instances, and which of them is the primary: the one out of recovery on the highest timeline ever seen. */
export class Picture {
  readonly sights = new Map<string, Sight>();
  readonly #timings: Timings;
  /** The first seen on its timeline. */
  #primary: PrimaryId | undefined;
  /** A timeline that two instances were seen to write: nothing is pointed at either. */
  #disputed = 0;

  constructor(timings: Timings) {
    this.#timings = timings;
  }

  get primary(): PrimaryId | undefined {
    return this.#primary;
  }

  get disputed(): boolean {
    return this.#primary !== undefined && this.#primary.timeline <= this.#disputed;
  }

  list(members: readonly Member[], nowMs: number): Member[] {
    const added: Member[] = [];
    for (const sight of this.sights.values()) sight.gone = !members.some(({ name }) => name === sight.member.name);
    for (const member of members) {
      const sight = this.sights.get(member.name);
      if (sight) {
        sight.member = member;
      } else {
        const suspicion = new Suspicion(this.#timings);
        const never = { answeredMs: Number.NEGATIVE_INFINITY, answers: [] };
        this.sights.set(member.name, { member, gone: false, ...never, suspicion, conninfoSinceMs: nowMs });
        added.push(member);
      }
    }
    return added;
  }

  note(name: string, answer: Answer, askedMs: number, nowMs: number): void {
    const sight = this.sights.get(name);
    if (!sight) return;
    const refuses = "failure" in answer && answer.failure === "refused" && !sight.gone;
    sight.refusals = refuses ? { sinceMs: sight.refusals?.sinceMs ?? nowMs, count: (sight.refusals?.count ?? 0) + 1 } : undefined;
    if ("failure" in answer) {
      sight.failure = answer.reason;
      if (answer.failure === "alive") sight.suspicion.answered();
      else sight.suspicion.failed(answer.failure, askedMs, nowMs);
      sight.idleSinceMs = undefined;
      return;
    }
    const { state } = answer;
    if (sight.state?.conninfo !== state.conninfo) sight.conninfoSinceMs = nowMs;
    delete sight.failure;
    sight.state = state;
    sight.answeredMs = nowMs;
    sight.answers = [...sight.answers.filter(({ atMs }) => isRecent(atMs, nowMs)), { atMs: nowMs, tookMs: nowMs - askedMs }];
    sight.idleSinceMs = state.inRecovery && !state.streaming ? (sight.idleSinceMs ?? nowMs) : undefined;
    if (!state.inRecovery) this.#sawPrimary(name, state.timeline ?? 0);
    // A primary that is in recovery again writes nothing.
    if (state.inRecovery && this.#primary?.instance === name) sight.suspicion.failed("starting", askedMs, nowMs);
    else sight.suspicion.answered();
  }

  /** A primary that this watcher has made itself. */
  learn({ instance, timeline }: PrimaryId): void {
    this.#sawPrimary(instance, timeline);
  }

  #sawPrimary(instance: string, timeline: number): void {
    if (!this.#primary || timeline > this.#primary.timeline) {
      this.#primary = { instance, timeline };
    } else if (timeline === this.#primary.timeline && instance !== this.#primary.instance) {
      this.#disputed = timeline;
    }
  }

  /** This process was away: what it did not hear meanwhile is no evidence. */
  excuse(nowMs: number): void {
    for (const sight of this.sights.values()) {
      sight.suspicion.excuse(nowMs);
      sight.idleSinceMs = undefined;
      sight.conninfoSinceMs = nowMs;
    }
  }

  /** In doubt, or a standby that does not stream. */
  isOdd(name: string): boolean {
    const sight = this.sights.get(name);
    return !sight || sight.suspicion.odd || (sight.state?.inRecovery === true && !sight.state.streaming);
  }

  /** Whether this watcher, too, holds the primary for dead. One that never saw the primary judges by the instance alone. */
  suspects(primary: PrimaryId, nowMs: number): boolean {
    const known = this.#primary;
    if (known && known.timeline >= primary.timeline && !(known.timeline === primary.timeline && known.instance === primary.instance)) {
      return false;
    }
    return this.evidence(primary.instance, nowMs) !== undefined;
  }

  /** What the instance is suspected for, or undefined. */
  evidence(name: string, nowMs: number): ReturnType<Suspicion["verdict"]> {
    return this.sights.get(name)?.suspicion.verdict(nowMs, this.#silentAfterMs(name, nowMs));
  }

  /** It goes by how quick the others answer at the same time. */
  #silentAfterMs(name: string, nowMs: number): number {
    const { silentAfterMs } = this.#timings;
    const tookMs = this.#tookMs(nowMs, name);
    if (tookMs.length === 0) return silentAfterMs;
    return Math.min(silentAfterMs, silentSoonest * silentAfterMs + silentSlack * Math.max(...tookMs));
  }

  /** The slowest answer of any instance lately; 0 where none has answered. */
  slowestAnswerMs(nowMs: number): number {
    return Math.max(0, ...this.#tookMs(nowMs));
  }

  #tookMs(nowMs: number, without?: string): number[] {
    const sights = [...this.sights.values()].filter(({ member, gone }) => member.name !== without && !gone);
    return sights.flatMap(({ answers }) => answers.filter(({ atMs }) => isRecent(atMs, nowMs)).map(({ tookMs }) => tookMs));
  }

  /** Whose servers have not run for so long. That many questions must have been asked meanwhile: a watcher that slept knows nothing. */
  refusing(nowMs: number, forMs: number): string[] {
    const countMin = forMs / (4 * this.#timings.calmIntervalMs);
    return [...this.sights.values()]
      .filter(({ refusals }) => refusals !== undefined && nowMs - refusals.sinceMs >= forMs && refusals.count >= countMin)
      .map(({ member }) => member.name);
  }

  /** Answers now, and is no case of doubt. */
  answers(name: string, nowMs: number): boolean {
    const sight = this.sights.get(name);
    return sight !== undefined && !sight.failure && nowMs - sight.answeredMs < answeringForMs(this.#timings);
  }

  /** The primary, as long as it answers and is one. */
  livePrimary(nowMs: number): PrimaryId | undefined {
    const known = this.#primary;
    return known && this.answers(known.instance, nowMs) && this.sights.get(known.instance)?.state?.inRecovery === false ? known : undefined;
  }

  /** The standbys that answer. */
  standbys(nowMs: number): Sight[] {
    return [...this.sights.values()].filter(({ member, state }) => this.answers(member.name, nowMs) && state?.inRecovery);
  }
}

function isRecent(atMs: number, nowMs: number): boolean {
  return nowMs - atMs < latelyMs;
}
