import type { Random, VirtualTime } from "./virtual-time.ts";

interface Link {
  cut: boolean;
  slowMs: number;
  lossShare: number;
}

/** Directed links between places (the sites, and the API as one of its own). */
export class SimulatedNetwork {
  readonly #time: VirtualTime;
  readonly #random: Random;
  readonly #links = new Map<string, Link>();

  constructor(time: VirtualTime, random: Random) {
    this.#time = time;
    this.#random = random;
  }

  link(from: string, to: string): Link {
    const key = `${from}>${to}`;
    let link = this.#links.get(key);
    if (!link) {
      link = { cut: false, slowMs: 0, lossShare: 0 };
      this.#links.set(key, link);
    }
    return link;
  }

  /** Both ways. */
  open(left: string, right: string): boolean {
    return !this.link(left, right).cut && !this.link(right, left).cut;
  }

  send(from: string, to: string, action: () => void): void {
    const link = this.link(from, to);
    if (link.cut || (link.lossShare > 0 && this.#random.chance(link.lossShare))) return;
    const baseMs = from === to ? 0.2 : 1;
    this.#time.after(baseMs + this.#random.next() * (baseMs + link.slowMs), action);
  }

  heal(): void {
    for (const link of this.#links.values()) Object.assign(link, { cut: false, slowMs: 0, lossShare: 0 });
  }
}
