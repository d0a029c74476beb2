import { type Expectation, isExpected, type PlannedMove, pendingTarget } from "../cluster.ts";
import type { SimulatedInstance, Surroundings } from "./simulated-instance.ts";

const leaseMs = 3000;
/** From reading the cluster to acting on it, with Secrets to read and processes to start in between. */
const passMsMax = 700;

/** What an instance manager has read, and done about it. */
interface Manager {
  holder: string;
  holderMs: number;
  version: string;
  /** Nothing is left to do about that version in this life of its server. */
  settledLife: number | undefined;
}

/** CloudNativePG: the operator, slow, and an instance manager beside every instance. Both know only what the API holds. */
export class SimulatedOperator {
  current: string;
  lease: { holder: string; renewedMs: number };
  apiUp = true;
  #apiBackMs = 0;
  #reigns = 0;
  #target: string;
  #wishes = 0;
  /** The reign that somebody has asked the watchers to end. */
  #asked: string | undefined;
  /** Where the operator runs. */
  site = "site-a";
  readonly #around: Surroundings;
  readonly #failoverDelayMs: number;
  #failingSinceMs: number | undefined;

  readonly note: (text: string) => void;

  constructor(around: Surroundings, first: string, failoverDelayMs: number, note: (text: string) => void) {
    this.#around = around;
    this.#failoverDelayMs = failoverDelayMs;
    this.note = note;
    this.#target = first;
    this.current = first;
    this.lease = { holder: first, renewedMs: 0 };
    around.labelled = first;
    this.#every(1000, () => this.#pass());
    for (const instance of around.instances) {
      const manager: Manager = { holderMs: 0, holder: "", version: "", settledLife: undefined };
      this.#every(1000, () => this.#manage(instance, manager));
    }
  }

  setApi(up: boolean): void {
    if (up && !this.apiUp) this.#apiBackMs = this.#around.time.nowMs;
    this.apiUp = up;
  }

  /** Kubernetes' clients open a lost watch again after 800 ms or more, and act on what it then says. */
  reaches(site: string): boolean {
    return this.apiUp && this.#around.time.nowMs - this.#apiBackMs > 800 && this.#around.network.open(site, "api");
  }

  get target(): string {
    return this.#target;
  }

  get standing(): { reign: string; wish: string; targetPrimary: string } {
    return { reign: `${this.current} ${this.#reigns}`, wish: `${this.target} ${this.#wishes}`, targetPrimary: this.target };
  }

  name(next: string, expected: Expectation): boolean {
    const isNamed = this.target === next;
    if (isNamed && (this.current === next || this.standing.reign !== expected.reign)) return true;
    if (!isNamed && !isExpected(expected, this.standing)) return false;
    this.note(`${next} named instead of ${this.target}`);
    if (!isNamed) this.#wish(next);
    this.#reign(next);
    return true;
  }

  #reign(name: string): void {
    if (this.current !== name) this.#reigns++;
    this.current = name;
  }

  #wish(target: string): void {
    this.#target = target;
    this.#wishes++;
  }

  /** Another whenever anything has changed. */
  get version(): string {
    return `${this.standing.reign} ${this.standing.wish} ${this.planned?.why}`;
  }

  get planned(): PlannedMove | undefined {
    return this.#asked === this.standing.reign ? { why: "asked for" } : undefined;
  }

  /** Somebody asks the watchers for another primary. */
  ask(): void {
    this.#asked = this.standing.reign;
    this.note(`is asked to end the reign ${this.#asked}`);
  }

  #every(periodMs: number, action: () => void): void {
    const { time, random } = this.#around;
    const tick = (): void => {
      time.after(periodMs, tick);
      action();
    };
    time.after(random.between(0, periodMs), tick);
  }

  #sees(instance: SimulatedInstance): boolean {
    return instance.serving && this.#around.network.open(this.site, instance.member.site);
  }

  #pass(): void {
    const { instances, time } = this.#around;
    if (!this.reaches(this.site)) return;
    const current = instances.find(({ member }) => member.name === this.current);
    const target = instances.find(({ member }) => member.name === this.target);
    if (this.target === this.current && current && this.#sees(current) && current.role === "primary") {
      this.#failingSinceMs = undefined;
      this.#around.labelled = this.current;
      return;
    }
    this.#failingSinceMs ??= time.nowMs;
    if (time.nowMs - this.#failingSinceMs < this.#failoverDelayMs) return;
    if (target && this.target !== this.current && this.#sees(target)) return;
    this.#failOver();
  }

  /** Its quorum rule, once no WAL receiver runs: of the standbys that hold commits, enough must be seen. */
  #failOver(): void {
    const { instances, synchronousStandbys } = this.#around;
    const seen = instances.filter((instance) => instance.member.name !== this.current && this.#sees(instance));
    if (seen.length + synchronousStandbys <= instances.length - 1) return;
    this.#around.labelled = undefined;
    if (this.target !== pendingTarget) this.#wish(pendingTarget);
    if (seen.some(({ streams, role, promoting }) => streams || role === "primary" || promoting)) return;
    const [furthest] = seen.toSorted((left, right) => right.timeline - left.timeline || right.wal.length - left.wal.length);
    if (!furthest) return;
    this.#wish(furthest.member.name);
    this.note(`fails over to ${this.target}, seen ${seen.map(({ member, wal }) => `${member.name} ${wal.length}`)}`);
  }

  /** It hears of a change within a second. A pass reads the cluster first and acts on it later: by then it may be old news. */
  #manage(instance: SimulatedInstance, manager: Manager): void {
    const { random, time } = this.#around;
    if (!instance.serving || !this.reaches(instance.member.site)) return;
    const seen = { target: this.target, current: this.current, version: this.version };
    if (manager.settledLife === instance.life && manager.version === seen.version) {
      const { holder } = this.lease;
      if (holder === instance.member.name && seen.target === holder) this.lease = { holder, renewedMs: time.nowMs };
      return;
    }
    time.after(random.between(0, passMsMax), () => {
      const life = this.#act(instance, seen, manager) ? instance.life : undefined;
      Object.assign(manager, { version: seen.version, settledLife: life });
    });
  }

  /** @returns whether nothing is left to do */
  #act(instance: SimulatedInstance, seen: { target: string; current: string }, manager: Manager): boolean {
    const { time } = this.#around;
    const { name, site } = instance.member;
    if (!instance.serving || !this.reaches(site)) return false;
    if (seen.target !== name) {
      if (instance.role === "primary") this.#demote(instance);
      return instance.role === "standby" && !instance.promoting;
    }
    const holder = `${this.lease.holder} ${this.lease.renewedMs}`;
    if (manager.holder !== holder) Object.assign(manager, { holder, holderMs: time.nowMs });
    if (this.lease.holder !== name && time.nowMs - manager.holderMs < leaseMs) return false;
    this.lease = { holder: name, renewedMs: time.nowMs };
    if (instance.role === "standby") {
      if (!instance.streams && instance.promote(undefined, 0)) this.note(`${name} promotes itself`);
    } else if (seen.current !== name) {
      this.#reign(name);
    } else {
      return true;
    }
    return false;
  }

  /** An old primary shuts down; its pod comes back. */
  #demote(instance: SimulatedInstance): void {
    this.note(`${instance.member.name} shuts itself down`);
    instance.kill();
    this.bringBack(instance, this.#around.random.between(1000, 3000));
  }

  /** The kubelet and the instance manager: as it was when it is still to be the primary, else rewound from the labelled one. */
  bringBack(instance: SimulatedInstance, delayMs: number): void {
    const { instances, network, time } = this.#around;
    time.after(delayMs, () => {
      if (instance.up) return;
      const { name, site } = instance.member;
      const primary = instances.find(({ member }) => member.name === this.#around.labelled);
      if (!this.reaches(site)) {
        this.bringBack(instance, 500);
      } else if (instance.role === "standby" || (this.target === name && this.current === name)) {
        instance.start();
      } else if (
        primary &&
        primary !== instance &&
        primary.serving &&
        primary.role === "primary" &&
        network.open(site, primary.member.site)
      ) {
        this.note(`${name} rewound from ${primary.member.name}`);
        instance.rewind(primary);
      } else {
        this.bringBack(instance, 500);
      }
    });
  }
}
