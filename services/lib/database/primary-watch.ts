import { EventEmitter } from "node:events";
import type { Logger } from "pino";
import type { Metrics } from "../metrics.ts";
import { type Choice, choosePrimary, type InstanceView } from "./choose-primary.ts";
import type { PostgresAccess } from "./connect.ts";
import { type Instance, instanceName } from "./instance.ts";
import { InstanceProbe, type ProbeLimits } from "./instance-probe.ts";
import { type Host, HostResolver, type Lookup } from "./resolve-hosts.ts";

export interface WatchOptions {
  hosts: Host[];
  access: PostgresAccess;
  log: Logger;
  metrics: Metrics;
  lookup?: Lookup;
  limits?: Partial<WatchLimits>;
  /** Whether anybody has asked for a connection lately, or waits for one. */
  inUse(): boolean;
}

export interface WatchLimits extends ProbeLimits {
  /** Pause between questions while nobody uses the database: many idle services must not take a failing-over platform's processors. */
  idleIntervalMs: number;
  /** Pause between questions while all is well. */
  calmIntervalMs: number;
  /** While something takes long: the primary may have been moved, and the old one still answers. */
  doubtIntervalMs: number;
  /** While the primary is in doubt. */
  urgentIntervalMs: number;
  /** After the primary has been gone for a minute: somebody is working on it, and the cores are needed. */
  weariedIntervalMs: number;
  resolveIntervalMs: number;
  /** An address that DNS no longer lists is forgotten once it has not answered for so long. */
  forgetAfterMs: number;
}

export const watchLimits: WatchLimits = {
  slowAfterMs: 500,
  lostAfterMs: 1000,
  connectTimeoutMs: 2000,
  idleIntervalMs: 2000,
  calmIntervalMs: 1000,
  doubtIntervalMs: 200,
  urgentIntervalMs: 100,
  weariedIntervalMs: 500,
  resolveIntervalMs: 5000,
  forgetAfterMs: 3000,
};

/**
 * Knows which instance is the primary, by asking all of them (docs/adr/0020).
 * Emits `change` when the primary or the best standby changed, `lost` with the instance that must no longer be used.
 */
export class PrimaryWatch extends EventEmitter<{ change: []; lost: [Instance] }> {
  readonly #options: WatchOptions;
  readonly #limits: WatchLimits;
  readonly #resolver: HostResolver;
  readonly #probes = new Map<string, InstanceProbe>();
  #listed = new Set<string>();
  #choice: Choice = {};
  #lowestTimeline = 0;
  #alarmUntilMs = 0;
  #primaryGoneSinceMs = performance.now();
  #refreshedMs = performance.now();
  #doubtedMs = Number.NEGATIVE_INFINITY;

  constructor(options: WatchOptions) {
    super();
    this.#options = options;
    this.#limits = { ...watchLimits, ...options.limits };
    this.#resolver = new HostResolver({
      hosts: options.hosts,
      log: options.log,
      onChange: (instances) => this.#setInstances(instances),
      ...(options.lookup ? { lookup: options.lookup } : {}),
    });
  }

  get primary(): Instance | undefined {
    return this.#choice.primary?.instance;
  }

  /** The primary has not answered its last question for a while. */
  get isPrimarySlow(): boolean {
    return this.#choice.primary?.status === "slow";
  }

  get standby(): Instance | undefined {
    return this.#choice.standby?.instance;
  }

  /** What each instance said last. */
  get views(): InstanceView[] {
    return [...this.#probes.values()].map(({ view }) => view);
  }

  start(): void {
    this.#resolver.start(this.#limits.resolveIntervalMs);
  }

  stop(): void {
    this.#resolver.stop();
    for (const probe of this.#probes.values()) probe.stop();
    this.#probes.clear();
  }

  /** Something went wrong: ask everyone now and keep asking often for a while. */
  alarm(): void {
    const nowMs = performance.now();
    if (nowMs > this.#alarmUntilMs - 1900) {
      this.#alarmUntilMs = nowMs + 2000;
      for (const probe of this.#probes.values()) probe.wake();
    }
  }

  /** Something takes long, which may mean nothing: ask everyone now, and rather often for a moment. */
  doubt(): void {
    const nowMs = performance.now();
    if (nowMs - this.#doubtedMs > 500) {
      this.#doubtedMs = nowMs;
      for (const probe of this.#probes.values()) probe.wake();
    }
  }

  /** The instance has just answered a statement: whatever the probe thinks, it is alive. */
  heard(instance: Instance): void {
    this.#probes.get(instanceName(instance))?.heard();
  }

  #intervalMs(): number {
    const nowMs = performance.now();
    if (!this.#options.inUse()) return this.#limits.idleIntervalMs;
    if (!this.#choice.primary && nowMs - this.#primaryGoneSinceMs > 60_000) {
      return this.#limits.weariedIntervalMs;
    }
    const calm = this.#choice.primary?.status === "answering" && nowMs > this.#alarmUntilMs;
    if (!calm) return this.#limits.urgentIntervalMs;
    return nowMs - this.#doubtedMs < 1000 ? this.#limits.doubtIntervalMs : this.#limits.calmIntervalMs;
  }

  #setInstances(instances: Instance[]): void {
    this.#listed = new Set(instances.map(instanceName));
    for (const instance of instances) {
      const name = instanceName(instance);
      if (!this.#probes.has(name)) {
        const probe = new InstanceProbe({
          instance,
          access: { ...this.#options.access, applicationName: `${this.#options.access.applicationName} probe` },
          limits: this.#limits,
          log: this.#options.log,
          onView: () => this.#viewed(probe),
          intervalMs: () => this.#intervalMs(),
        });
        this.#probes.set(name, probe);
        void probe.run();
      }
    }
    this.#forgetUnlisted();
  }

  #forgetUnlisted(): void {
    for (const [name, probe] of this.#probes) {
      const silentMs = performance.now() - probe.answeredAtMs;
      if (!this.#listed.has(name) && probe.view.status === "lost" && silentMs > this.#limits.forgetAfterMs) {
        probe.stop();
        this.#probes.delete(name);
        this.#options.metrics.instanceUp.remove({ instance: name });
      }
    }
  }

  #viewed(probe: InstanceProbe): void {
    const up = probe.view.status === "answering";
    this.#options.metrics.instanceUp.set({ instance: instanceName(probe.instance) }, up ? 1 : 0);
    this.#decide();
    if (probe.view.status === "lost") {
      this.emit("lost", probe.instance);
    }
    if (!this.#choice.primary && performance.now() - this.#refreshedMs > 1000) {
      // The next primary may be a pod that did not exist a moment ago.
      this.#refreshedMs = performance.now();
      this.#resolver.refresh();
    }
  }

  #decide(): void {
    const views = [...this.#probes.values()].map((probe) => probe.view);
    const before = this.#choice;
    this.#choice = choosePrimary(views, { lowestTimeline: this.#lowestTimeline, current: before.primary?.instance });
    this.#lowestTimeline = Math.max(this.#lowestTimeline, this.#choice.primary?.timeline ?? 0);
    if (this.#choice.primary?.status === "slow" && before.primary?.status !== "slow") {
      this.alarm();
    }
    this.#announce(before);
  }

  #announce(before: Choice): void {
    const { log, metrics } = this.#options;
    const now = this.#choice;
    const moved = before.primary?.instance !== now.primary?.instance;
    if (moved) {
      if (before.primary) {
        const name = instanceName(before.primary.instance);
        metrics.primary.remove({ instance: name });
        log.warn({ instance: name, timeline: before.primary.timeline }, "primary lost");
        this.#primaryGoneSinceMs = performance.now();
        this.emit("lost", before.primary.instance);
        this.alarm();
      }
      metrics.primaryChanges.inc({ event: now.primary ? "found" : "lost" });
      if (now.primary) {
        const name = instanceName(now.primary.instance);
        metrics.primary.set({ instance: name }, 1);
        log.info({ instance: name, timeline: now.primary.timeline }, "primary found");
      }
    }
    if (moved || before.standby?.instance !== now.standby?.instance) {
      this.emit("change");
    }
  }
}
