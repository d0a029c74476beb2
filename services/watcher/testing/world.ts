import type { Parts } from "../parts.ts";
import { type Entry, SimulatedInstance, type Surroundings } from "./simulated-instance.ts";
import { SimulatedNetwork } from "./simulated-network.ts";
import { SimulatedOperator } from "./simulated-operator.ts";
import { type Sabotage, SimulatedWatcher, type WatcherSurroundings } from "./simulated-watcher.ts";
import { Random, VirtualTime } from "./virtual-time.ts";

export const sites = ["site-a", "site-b", "witness"] as const;

export interface WorldOptions {
  readonly seed: number;
  readonly instances: 3 | 5;
  readonly sabotage?: Sabotage;
  /** The operator's own delay before it fails over. */
  readonly operatorDelayMs?: number;
  readonly log?: (line: string) => void;
}

const silent = (): void => {};

/** Everything: instances, operator, watchers, clients, and what must hold of them. */
export class World {
  readonly time = new VirtualTime();
  readonly random: Random;
  readonly network: SimulatedNetwork;
  readonly instances: SimulatedInstance[] = [];
  readonly watchers = new Map<string, SimulatedWatcher>();
  readonly operator: SimulatedOperator;
  readonly violations: string[] = [];
  /** When a client last learnt that a write holds, and the longest time between two such moments. */
  lastAcknowledgedMs = 0;
  longestPauseMs = 0;
  /** The last acknowledged entry on the line of history, in the WAL of who acknowledged it. */
  furthest: { primary: string; wal: Entry[]; index: number } | undefined;
  readonly #around: WatcherSurroundings;
  readonly #waitingClients = new Map<number, () => void>();
  #write = 0;

  constructor(options: WorldOptions) {
    this.random = new Random(options.seed);
    this.network = new SimulatedNetwork(this.time, this.random);
    const around: Surroundings = {
      time: this.time,
      random: this.random,
      network: this.network,
      instances: this.instances,
      synchronousStandbys: options.instances === 3 ? 1 : 2,
      labelled: undefined,
      violation: (text) => this.#violate(text),
      acknowledged: (primary, index) => this.#acknowledge(primary, index),
      unguardedPromotion: options.sabotage?.unguardedPromotion ?? false,
    };
    for (let number = 1; number <= options.instances; number++) {
      const site = sites[(number - 1) % 3] as string;
      const member = { name: `pg-${number}`, site: number === 5 ? "site-b" : site, address: `10.0.0.${number}`, port: 5432 };
      this.instances.push(new SimulatedInstance(around, member, number === 1 ? "primary" : "standby"));
    }
    this.operator = new SimulatedOperator(around, "pg-1", options.operatorDelayMs ?? 30_000, (text) =>
      options.log?.(`${Math.round(this.time.nowMs)} OPERATOR ${text}`),
    );
    this.#around = Object.assign(around, {
      operator: this.operator,
      sites,
      watchers: this.watchers,
      sabotage: options.sabotage ?? {},
      log: this.#log(options.log),
    });
    for (const site of sites) {
      this.startWatcher(site);
      this.#startClient(site);
    }
  }

  startWatcher(site: string): void {
    this.killWatcher(site);
    this.watchers.set(site, new SimulatedWatcher(this.#around, site));
  }

  killWatcher(site: string): void {
    this.watchers.get(site)?.process.kill();
  }

  primary(): SimulatedInstance | undefined {
    return this.instances.filter(({ role, up }) => role === "primary" && up).toSorted((left, right) => right.timeline - left.timeline)[0];
  }

  /** Dead until its site can run it again. */
  killInstance(instance: SimulatedInstance, backAfterMs: number): void {
    instance.kill();
    this.operator.bringBack(instance, backAfterMs);
  }

  cutSite(site: string): void {
    for (const other of [...sites, "api"]) {
      if (other === site) continue;
      this.network.link(site, other).cut = true;
      this.network.link(other, site).cut = true;
    }
  }

  /** No primary left behind, every fence and override gone. */
  get atRest(): boolean {
    return (
      this.instances.every(({ override, up }) => override === undefined && up) &&
      this.instances.filter(({ role }) => role === "primary").length === 1 &&
      this.instances.every(({ role, streams }) => role === "primary" || streams)
    );
  }

  #violate(text: string): void {
    this.violations.push(`at ${Math.round(this.time.nowMs)} ms: ${text}`);
  }

  /**
   * All acknowledged entries must lie on one line of history: WAL is only ever copied from where it fits, so it is enough that the
   * furthest one is in the history of whoever acknowledges more, and holds whatever is acknowledged late.
   */
  #acknowledge(primary: SimulatedInstance, index: number): void {
    const entry = primary.wal[index] as Entry;
    const { furthest } = this;
    if (furthest && index <= furthest.index) {
      if (furthest.wal[index] !== entry) {
        this.#violate(`${primary.member.name} acknowledges write ${entry.write} that ${furthest.primary} does not have`);
      }
    } else if (furthest && primary.wal[furthest.index] !== furthest.wal[furthest.index]) {
      this.#violate(`${primary.member.name} acknowledges on timeline ${entry.timeline} without what ${furthest.primary} acknowledged`);
    } else {
      this.furthest = { primary: primary.member.name, wal: primary.wal, index };
    }
    if (entry.write !== undefined) this.#waitingClients.get(entry.write)?.();
  }

  /** The primary at the end must have everything. */
  checkEnd(): void {
    const primary = this.primary();
    const { furthest } = this;
    if (primary && furthest && primary.wal[furthest.index] !== furthest.wal[furthest.index]) {
      this.#violate(`${primary.member.name}, primary in the end, lacks what ${furthest.primary} acknowledged`);
    }
  }

  /** Writes to what it takes for the primary, one write at a time, until that fails; the primary may be an old one. */
  #startClient(site: string): void {
    let chosen: SimulatedInstance | undefined;
    const next = (): void => {
      chosen ??= this.#choosePrimary(site);
      if (!chosen) {
        this.time.after(200, next);
        return;
      }
      const write = ++this.#write;
      const target = chosen;
      const done = (pauseMs: number): void => {
        this.#waitingClients.delete(write);
        cancel();
        this.time.after(pauseMs, next);
      };
      const cancel = this.time.after(1000, () => {
        chosen = undefined;
        done(0);
      });
      this.#waitingClients.set(write, () =>
        this.network.send(target.member.site, site, () => {
          if (!this.#waitingClients.has(write)) return;
          this.longestPauseMs = Math.max(this.longestPauseMs, this.time.nowMs - this.lastAcknowledgedMs);
          this.lastAcknowledgedMs = this.time.nowMs;
          done(this.random.between(50, 250));
        }),
      );
      this.network.send(site, target.member.site, () =>
        target.deliver(() => {
          if (target.role === "primary") target.write(write);
        }),
      );
    };
    this.time.after(this.random.between(0, 200), next);
  }

  #choosePrimary(site: string): SimulatedInstance | undefined {
    const seen = this.instances.filter(
      (instance) => instance.serving && instance.role === "primary" && this.network.open(site, instance.member.site),
    );
    // Not always the newest: a client may not know better.
    return this.random.chance(0.3) ? this.random.pick(seen) : seen.toSorted((left, right) => right.timeline - left.timeline)[0];
  }

  #log(write: ((line: string) => void) | undefined): Parts["log"] {
    if (!write) return { info: silent, warn: silent, debug: silent };
    const line = (details: unknown, text?: string): void =>
      write(
        `${Math.round(this.time.nowMs)} ${text ?? ""} ${JSON.stringify(details, (_, value) => (typeof value === "bigint" ? String(value) : value))}`,
      );
    return { info: line, warn: line, debug: silent } as Parts["log"];
  }
}
