import { isOverride, leadsTo, parseFence } from "../conninfo.ts";
import type { Answer, Change, Examined, Member } from "../instances.ts";
import type { SimulatedNetwork } from "./simulated-network.ts";
import type { Random, VirtualTime } from "./virtual-time.ts";

/** One piece of WAL; the very object is its identity. */
export interface Entry {
  readonly timeline: number;
  readonly write?: number;
}

/** What an instance needs to know of the rest. */
export interface Surroundings {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly network: SimulatedNetwork;
  readonly instances: SimulatedInstance[];
  readonly synchronousStandbys: number;
  /** Where the read-write Service leads. */
  labelled: string | undefined;
  violation(text: string): void;
  /** A primary acknowledges the entry at that place of its WAL. */
  acknowledged(primary: SimulatedInstance, index: number): void;
  /** The safeguard at promotion, which a test takes away to see that it is needed. */
  readonly unguardedPromotion: boolean;
}

const baseConninfo = "host=pg-rw user=streaming_replica application_name=x";
/** What every instance was cloned from. */
const origin: Entry = { timeline: 1 };
const receiverTimeoutMs = 2000;

/** PostgreSQL as far as it matters here: WAL, a receiver that follows a conninfo, commits that wait for any W standbys. */
export class SimulatedInstance {
  readonly member: Member;
  up = true;
  frozen = false;
  startingUntilMs = 0;
  /** Sessions belong to one life. */
  life = 0;
  role: "primary" | "standby";
  promoting = false;
  wal: Entry[] = [origin];
  override: string | undefined;
  readonly clockSkewMs: number;
  /** What the startup process has read; the files may be newer. */
  #applied = baseConninfo;
  #receiver: { upstream: SimulatedInstance; life: number } | undefined;
  #silentSinceMs: number | undefined;
  readonly #flushedBy = new Map<string, number>();
  #acknowledgedUpTo = 0;
  #waiting: (() => void)[] = [];
  readonly #around: Surroundings;

  constructor(around: Surroundings, member: Member, role: "primary" | "standby") {
    this.#around = around;
    this.member = member;
    this.role = role;
    this.clockSkewMs = around.random.between(-1e6, 1e6);
    around.time.after(around.random.between(0, 250), () => this.#receiverTick());
  }

  get timeline(): number {
    return this.wal.at(-1)?.timeline ?? 0;
  }

  get conninfo(): string {
    return this.override ?? baseConninfo;
  }

  get streams(): boolean {
    return this.#receiver !== undefined;
  }

  get clockMs(): number {
    return this.#around.time.nowMs + this.clockSkewMs;
  }

  get serving(): boolean {
    return this.up && !this.frozen && this.#around.time.nowMs >= this.startingUntilMs;
  }

  /** Runs now, or when the instance thaws: what was sent to it lies in its sockets. Lost when it dies. */
  deliver(action: () => void): void {
    const { life } = this;
    const checked = (): void => {
      if (this.up && this.life === life) action();
    };
    if (this.frozen) this.#waiting.push(checked);
    else checked();
  }

  freeze(): void {
    this.frozen = true;
  }

  thaw(): void {
    this.frozen = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const action of waiting) this.deliver(action);
  }

  kill(): void {
    this.up = false;
    this.frozen = false;
    this.life++;
    this.promoting = false;
    this.#receiver = undefined;
    this.#waiting = [];
    this.#flushedBy.clear();
  }

  /** Starts as what it was. */
  start(): void {
    this.up = true;
    this.life++;
    this.startingUntilMs = this.#around.time.nowMs + 500;
    this.#applied = this.conninfo;
    this.#acknowledgedUpTo = this.wal.length;
  }

  /** pg_rewind: the primary's WAL, and its postgresql.auto.conf. */
  rewind(primary: SimulatedInstance): void {
    this.role = "standby";
    this.wal = primary.wal.slice();
    this.override = primary.override;
    this.start();
  }

  answer(): Answer {
    if (this.#around.time.nowMs < this.startingUntilMs) return { failure: "starting", reason: "starting up" };
    const streaming = this.role === "standby" && this.#receiver !== undefined;
    return {
      state: {
        inRecovery: this.role === "standby",
        ...(streaming || this.role === "primary" ? { timeline: this.timeline } : {}),
        streaming,
        conninfo: this.conninfo,
        clockMs: this.clockMs,
      },
    };
  }

  examine(): Examined {
    return {
      inRecovery: this.role === "standby",
      conninfo: this.conninfo,
      base: baseConninfo,
      timeline: this.timeline,
      flushed: BigInt(this.wal.length),
      receiving: this.#receiver !== undefined,
      clockMs: this.clockMs,
      upMs: this.#around.time.nowMs - this.startingUntilMs,
    };
  }

  change({ from, to, inRecovery, expiresClockMs }: Change): boolean {
    if (this.conninfo !== from || (this.role === "standby") !== inRecovery) return false;
    if (expiresClockMs !== undefined && this.clockMs > expiresClockMs) return false;
    this.override = to;
    const lagMs = this.#around.random.chance(0.1) ? this.#around.random.between(0, 400) : this.#around.random.between(1, 30);
    const { life } = this;
    this.#around.time.after(lagMs, () =>
      this.deliver(() => {
        if (this.life !== life || this.#applied === this.conninfo) return;
        this.#applied = this.conninfo;
        this.#receiver = undefined;
      }),
    );
    return true;
  }

  /** @throws when a promotion has begun */
  quiesced(): boolean {
    if (this.promoting || this.role === "primary") throw new Error("promotion has begun");
    return this.#applied === this.conninfo;
  }

  /** CloudNativePG's own promotions have no marker. */
  promote(marker: string | undefined, expiresClockMs: number): boolean {
    if (this.role === "primary" || this.promoting) return false;
    const guarded = marker !== undefined && !this.#around.unguardedPromotion;
    if (guarded && (this.conninfo !== marker || this.clockMs > expiresClockMs)) return false;
    this.promoting = true;
    this.#around.time.after(this.#around.random.between(20, 200), () =>
      this.deliver(() => {
        if (!this.promoting) return;
        this.promoting = false;
        this.role = "primary";
        this.#receiver = undefined;
        this.#flushedBy.clear();
        this.wal.push({ timeline: this.timeline + 1 });
        this.#acknowledgedUpTo = this.wal.length;
        this.#pumpAll();
      }),
    );
    return true;
  }

  /** A client's write: it is acknowledged, or not, later. */
  write(write: number): void {
    this.wal.push({ timeline: this.timeline, write });
    this.#pumpAll();
  }

  #pumpAll(): void {
    for (const standby of this.#around.instances) {
      if (standby.#receiver?.upstream === this && standby.#receiver.life === this.life) this.#pump(standby);
    }
  }

  #pump(standby: SimulatedInstance): void {
    const { network } = this.#around;
    const length = this.wal.length;
    const receiver = standby.#receiver;
    const { life, wal } = this;
    network.send(this.member.site, standby.member.site, () =>
      standby.deliver(() => {
        if (standby.#receiver !== receiver) return;
        for (let index = standby.wal.length; index < length; index++) standby.wal.push(wal[index] as Entry);
        const flushed = standby.wal.length;
        // Who follows a standby hears of it from that.
        standby.#pumpAll();
        network.send(standby.member.site, this.member.site, () =>
          this.deliver(() => {
            if (this.life === life) this.#flushed(standby.member.name, flushed);
          }),
        );
      }),
    );
  }

  #flushed(standby: string, length: number): void {
    if (this.role !== "primary") return;
    this.#flushedBy.set(standby, Math.max(length, this.#flushedBy.get(standby) ?? 0));
    const lengths = [...this.#flushedBy.values()].sort((left, right) => right - left);
    const safe = lengths[this.#around.synchronousStandbys - 1] ?? 0;
    for (; this.#acknowledgedUpTo < safe; this.#acknowledgedUpTo++) this.#around.acknowledged(this, this.#acknowledgedUpTo);
  }

  #receiverTick(): void {
    const { time, random } = this.#around;
    time.after(250, () => this.#receiverTick());
    if (this.role !== "standby" || !this.serving || this.promoting) return;
    const receiver = this.#receiver;
    if (!receiver) {
      this.#connect();
      return;
    }
    const { upstream, life } = receiver;
    if (!upstream.up || upstream.life !== life || !this.#mayFollow(upstream)) {
      this.#receiver = undefined;
    } else if (upstream.frozen || !this.#around.network.open(this.member.site, upstream.member.site)) {
      this.#silentSinceMs ??= time.nowMs;
      if (time.nowMs - this.#silentSinceMs > receiverTimeoutMs) this.#receiver = undefined;
    } else {
      this.#silentSinceMs = undefined;
      // What a lossy link dropped is sent again.
      if (this.wal.length < upstream.wal.length && random.chance(0.5)) upstream.#pump(this);
    }
  }

  #connect(): void {
    const upstream = this.#upstream();
    if (!upstream?.serving || !this.#mayFollow(upstream) || !this.#around.network.open(this.member.site, upstream.member.site)) return;
    const { length } = this.wal;
    const fits = length <= upstream.wal.length && upstream.wal[length - 1] === this.wal[length - 1];
    if (!fits) {
      // PostgreSQL compares timelines, not contents.
      if (this.timeline === upstream.timeline && length <= upstream.wal.length) {
        this.#around.violation(`${this.member.name} streams foreign WAL of timeline ${this.timeline} from ${upstream.member.name}`);
      }
      return;
    }
    this.#silentSinceMs = undefined;
    this.#receiver = { upstream, life: upstream.life };
    upstream.#pump(this);
  }

  /** A standby is followed only where the conninfo names its address. */
  #mayFollow({ role }: SimulatedInstance): boolean {
    return role === "primary" || isOverride(this.#applied);
  }

  #upstream(): SimulatedInstance | undefined {
    const fence = parseFence(this.#applied);
    if (fence && fence.next === undefined) return undefined;
    return this.#around.instances.find((other) =>
      isOverride(this.#applied) ? leadsTo(this.#applied, other.member) : other.member.name === this.#around.labelled,
    );
  }
}
