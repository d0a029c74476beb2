import { within } from "../clock.ts";
import type { ClusterApi } from "../cluster.ts";
import type { Control, Examined, Instances, Member } from "../instances.ts";
import type { Parts } from "../parts.ts";
import type { Peers } from "../peers.ts";
import { defaultTimings } from "../timings.ts";
import { Watcher } from "../watcher.ts";
import type { SimulatedInstance, Surroundings } from "./simulated-instance.ts";
import type { SimulatedOperator } from "./simulated-operator.ts";
import { SimulatedProcess } from "./virtual-time.ts";

/** Safeguards that a test takes away to see that they are needed. */
export interface Sabotage {
  readonly fencesTooFew?: boolean;
  readonly readsBeforeFencing?: boolean;
  readonly unguardedPromotion?: boolean;
}

export interface WatcherSurroundings extends Surroundings {
  readonly operator: SimulatedOperator;
  readonly sites: readonly string[];
  readonly watchers: Map<string, SimulatedWatcher>;
  readonly sabotage: Sabotage;
  readonly log: Parts["log"];
}

const rpcLimitMs = 5000;

/** A watcher process at one site: the real protocol on a simulated network. */
export class SimulatedWatcher {
  readonly process: SimulatedProcess;
  readonly watcher: Watcher;
  /** Freezes this process when it is about to take so many more steps on an instance, or to promote one. */
  freezeAt: { steps: number | "promotion"; durationMs: number } | undefined;
  readonly #around: WatcherSurroundings;
  readonly #site: string;
  readonly #parts: Parts;

  constructor(around: WatcherSurroundings, site: string) {
    this.#around = around;
    this.#site = site;
    this.process = new SimulatedProcess(around.time);
    this.#parts = {
      site,
      clock: this.process.clock(around.random.between(-5000, 5000)),
      instances: this.#instances(),
      cluster: this.#cluster(),
      // All else being as it is, a schedule of some seconds should see these two as well.
      timings: { ...defaultTimings, leaseMs: 4000, settledAfterMs: 2500, managerStartsMs: 2000 },
      log: around.log,
    };
    this.watcher = new Watcher({
      parts: this.#parts,
      peers: this.#peers(),
      sites: around.sites,
      witnessSite: "witness",
      synchronousStandbys: around.synchronousStandbys + (around.sabotage.fencesTooFew ? 1 : 0),
    });
    this.watcher.start();
  }

  /** A request to another place, and its answer, which may never come. `serve` answers, or fails with a text. */
  #call<T>(to: string, serve: (answer: (value: T) => void, fail: (reason: string) => void) => void): Promise<T> {
    const { network } = this.#around;
    return new Promise<T>((resolve, reject) => {
      const back = (action: () => void): void => network.send(to, this.#site, () => this.process.deliver(action));
      network.send(this.#site, to, () =>
        serve(
          (value) => back(() => resolve(value)),
          (reason) => back(() => reject(new Error(reason))),
        ),
      );
    });
  }

  #at(member: Member): SimulatedInstance {
    return this.#around.instances.find((instance) => instance.member.name === member.name) as SimulatedInstance;
  }

  #instances(): Instances {
    const listeners: ((name: string) => void)[] = [];
    return {
      onClosed: (listener) => listeners.push(listener),
      ask: async (member) => {
        const { clock, timings } = this.#parts;
        const instance = this.#at(member);
        const question = this.#call<ReturnType<SimulatedInstance["answer"]>>(member.site, (answer) => {
          if (!instance.up) answer({ failure: "refused", reason: "refused" });
          else if (!instance.frozen) answer(instance.answer());
        });
        return await within(clock, timings.answerTimeoutMs, "the question", question).catch(
          () => ({ failure: "silent", reason: "no answer" }) as const,
        );
      },
      tryWrite: async () => "unclear",
      removeStandbySignal: async () => false,
      lastCheckpoint: async () => undefined,
      flush: async () => {},
      open: async (member) => {
        const instance = this.#at(member);
        const life = await this.#call<number>(member.site, (answer, fail) => {
          if (!instance.up) fail("refused");
          else instance.deliver(() => answer(instance.life));
        });
        return this.#control(instance, life);
      },
      forget: () => {},
    };
  }

  #control(instance: SimulatedInstance, life: number): Control {
    const run = async <T>(action: () => T): Promise<T> => {
      this.#maybeFreeze("step");
      if (this.process.frozen) await this.#pause(0);
      return await this.#call<T>(instance.member.site, (answer, fail) => {
        if (!instance.up || instance.life !== life) fail("connection closed");
        instance.deliver(() => {
          this.#around.time.after(this.#around.random.between(0.2, 4), () =>
            instance.deliver(() => {
              try {
                answer(action());
              } catch (error) {
                fail((error as Error).message);
              }
            }),
          );
        });
      });
    };
    const settle = async (): Promise<void> => {
      while (!(await run(() => instance.quiesced()))) await within(this.#parts.clock, rpcLimitMs, "pause", this.#pause(5));
    };
    let early: Examined | undefined;
    return {
      examine: async () => {
        const examined = await run(() => instance.examine());
        early ??= examined;
        return this.#around.sabotage.readsBeforeFencing ? { ...examined, flushed: early.flushed } : examined;
      },
      change: (change) => run(() => instance.change(change)),
      quiesce: settle,
      promote: async (marker, expiresClockMs) => {
        this.#maybeFreeze("promotion");
        // What it was about to send is sent when it wakes up.
        if (this.process.frozen) await this.#pause(0);
        return await run(() => instance.promote(marker, expiresClockMs));
      },
      close: () => {},
    };
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#parts.clock.after(delayMs, resolve);
    });
  }

  #maybeFreeze(at: "step" | "promotion"): void {
    const freeze = this.freezeAt;
    if (!freeze || this.process.frozen) return;
    if (typeof freeze.steps === "number" && at === "step") freeze.steps--;
    if (freeze.steps !== 0 && freeze.steps !== at) return;
    this.freezeAt = undefined;
    this.process.freeze();
    this.#around.time.after(freeze.durationMs, () => this.process.thaw());
  }

  #cluster(): ClusterApi {
    const { operator } = this.#around;
    const call = <T>(action: () => T): Promise<T> =>
      within(
        this.#parts.clock,
        1000,
        "the API",
        this.#call<T>("api", (answer) => {
          if (operator.apiUp) answer(action());
        }),
      );
    return {
      look: () =>
        call(() => ({
          members: this.#around.instances.map(({ member }) => member),
          instances: this.#around.instances.length,
          currentPrimary: operator.current,
          ...operator.standing,
          labelled: this.#around.labelled ? [this.#around.labelled] : [],
          leaving: [],
          generation: 1,
          version: operator.version,
          ...(operator.planned && { planned: operator.planned }),
          handsOff: false,
        })),
      version: () => call(() => operator.version),
      // What is asked for is seen by looking.
      follow: () => {},
      namePrimary: (next, expected) => call(() => operator.name(next, expected)),
      nameWhileUnchanged: (next, { version }) => {
        let wish: string | undefined;
        return () =>
          call(() => {
            if (wish === undefined && operator.version === version && operator.name(next, operator.standing)) wish = operator.standing.wish;
            return wish === operator.standing.wish;
          });
      },
      giveLease: (next) =>
        call(() => {
          operator.lease = { holder: next, renewedMs: this.#around.time.nowMs };
          const given = operator.lease;
          return () => call(() => operator.lease.holder === next && operator.lease !== given);
        }),
      // No schedule is long enough for it.
      declareUnrecoverable: () => Promise.reject(new Error("not modelled")),
      label: (primary) =>
        call(() => {
          this.#around.labelled = primary;
        }),
    };
  }

  #peers(): Peers {
    const { random, watchers } = this.#around;
    const call = <T>(site: string, action: (peer: Watcher) => T): Promise<T> =>
      this.#call<T>(site, (answer) => {
        const peer = watchers.get(site);
        const serve = (): void => peer?.process.deliver(() => answer(action(peer.watcher)));
        serve();
        if (random.chance(0.05)) this.#around.time.after(random.between(0, 3000), serve);
      });
    return {
      askVote: (site, request) => call(site, (peer) => peer.vote(request)),
      askPrimary: (site) => call(site, (peer) => peer.livePrimary()),
    };
  }
}
