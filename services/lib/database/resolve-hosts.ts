import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { Logger } from "pino";
import { type Instance, instanceName } from "./instance.ts";

export interface Host {
  name: string;
  port: number;
}

/** Finds the addresses of a name; replaced in tests. */
export type Lookup = (name: string) => Promise<string[]>;

const systemLookup: Lookup = async (name) => (await lookup(name, { all: true })).map((entry) => entry.address);

/** Parses `host[:port],…`; IPv6 addresses in brackets. @throws on anything else */
export function parseHosts(text: string, defaultPort = 5432): Host[] {
  return text.split(",").map((part) => {
    const match = /^(?:\[([0-9a-fA-F:]+)\]|([A-Za-z0-9._-]+))(?::(\d{1,5}))?$/.exec(part.trim());
    const name = match?.[1] ?? match?.[2];
    const port = Number(match?.[3] ?? defaultPort);
    if (!name || port < 1 || port > 65535) {
      throw new Error(`not a host[:port]: ${JSON.stringify(part)}`);
    }
    return { name, port };
  });
}

/**
 * Keeps the list of instance addresses behind the configured names, off the path of any request: names are looked up in
 * the background, one lookup at a time, and a lookup that fails or hangs leaves the last known addresses in use.
 */
export class HostResolver {
  readonly #hosts: Host[];
  readonly #lookup: Lookup;
  readonly #log: Logger;
  readonly #onChange: (instances: Instance[]) => void;
  readonly #known = new Map<string, string[]>();
  #running: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: { hosts: Host[]; log: Logger; onChange: (instances: Instance[]) => void; lookup?: Lookup }) {
    this.#hosts = options.hosts;
    this.#lookup = options.lookup ?? systemLookup;
    this.#log = options.log;
    this.#onChange = options.onChange;
  }

  /** Looks up at once, then every `intervalMs`. */
  start(intervalMs: number): void {
    this.refresh();
    this.#timer = setInterval(() => this.refresh(), intervalMs);
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
  }

  /** Asks for a lookup soon, unless one is under way. */
  refresh(): void {
    this.#running ??= this.#resolveAll().finally(() => {
      this.#running = undefined;
    });
  }

  async #resolveAll(): Promise<void> {
    await Promise.all(
      this.#hosts.map(async ({ name }) => {
        try {
          const addresses = isIP(name) ? [name] : await this.#lookup(name);
          if (addresses.length > 0) this.#known.set(name, addresses);
        } catch (error) {
          this.#log.warn({ host: name, error }, "name not resolved, keeping the addresses known so far");
        }
      }),
    );
    if (!this.#stopped) {
      const instances = this.#hosts.flatMap(({ name, port }) => (this.#known.get(name) ?? []).map((address) => ({ address, port })));
      this.#onChange([...new Map(instances.map((instance) => [instanceName(instance), instance])).values()]);
    }
  }
}
