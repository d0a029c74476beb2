import type { Clock } from "../clock.ts";

interface Event {
  readonly atMs: number;
  readonly order: number;
  action: (() => void) | undefined;
}

/** Time that goes from event to event. Promises settled by an event have run to their next wait before the following one. */
export class VirtualTime {
  nowMs = 0;
  /** Set by whoever settles a promise: only then must the microtasks run. */
  touched = false;
  readonly #heap: Event[] = [];
  #order = 0;

  after(delayMs: number, action: () => void): () => void {
    const event: Event = { atMs: this.nowMs + Math.max(0, delayMs), order: this.#order++, action };
    this.#push(event);
    return () => {
      event.action = undefined;
    };
  }

  async run(untilMs: number, whenever: () => boolean = () => false): Promise<void> {
    for (let next = this.#heap[0]; next && next.atMs <= untilMs && !whenever(); next = this.#heap[0]) {
      this.#pop();
      this.nowMs = next.atMs;
      const { action } = next;
      if (!action) continue;
      action();
      if (this.touched) {
        this.touched = false;
        await new Promise<void>((resolve) => {
          setImmediate(resolve);
        });
      }
    }
    if (!whenever()) this.nowMs = untilMs;
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let index = heap.push(event) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(event, heap[parent] as Event)) break;
      heap[index] = heap[parent] as Event;
      index = parent;
    }
    heap[index] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Event;
    if (heap.length === 0) return;
    let index = 0;
    for (let child = 1; child < heap.length; child = 2 * index + 1) {
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Event, heap[child] as Event)) child++;
      if (!isBefore(heap[child] as Event, last)) break;
      heap[index] = heap[child] as Event;
      index = child;
    }
    heap[index] = last;
  }
}

function isBefore(left: Event, right: Event): boolean {
  return left.atMs < right.atMs || (left.atMs === right.atMs && left.order < right.order);
}

/** mulberry32: small, and the same everywhere. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  between(low: number, high: number): number {
    return low + this.next() * (high - low);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.next() * items.length)] as T;
  }
}

/** A process that can be frozen between any two steps, and killed: what reaches it then waits, or is lost. */
export class SimulatedProcess {
  alive = true;
  #frozen = false;
  #waiting: (() => void)[] = [];
  readonly #time: VirtualTime;

  constructor(time: VirtualTime) {
    this.#time = time;
  }

  get frozen(): boolean {
    return this.#frozen;
  }

  deliver(action: () => void): void {
    if (!this.alive) return;
    if (this.#frozen) {
      this.#waiting.push(action);
      return;
    }
    this.#time.touched = true;
    action();
  }

  freeze(): void {
    this.#frozen = true;
  }

  thaw(): void {
    this.#frozen = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const action of waiting) this.deliver(action);
  }

  kill(): void {
    this.alive = false;
    this.#waiting = [];
  }

  clock(skewMs: number): Clock {
    return {
      nowMs: () => this.#time.nowMs,
      epochMs: () => 1_800_000_000_000 + skewMs + this.#time.nowMs,
      after: (delayMs, action) => this.#time.after(delayMs, () => this.deliver(action)),
    };
  }
}
