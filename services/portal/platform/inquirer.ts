import { lookup } from "node:dns/promises";
import { existsSync, readFileSync } from "node:fs";
import { isIP } from "node:net";
import { Agent, request } from "undici";
import { instanceName } from "../../lib/database/instance.ts";
import type { Lookup } from "../../lib/database/resolve-hosts.ts";

export interface Reply {
  status: number;
  text: string;
}

const systemLookup: Lookup = async (name) => (await lookup(name, { all: true })).map(({ address }) => address);
const bodyMaxBytes = 1024 * 1024;
const agentsMax = 64;

/** Short questions to parts of the platform, any of which may be dead: each is answered soon or not at all. */
export class Inquirer {
  readonly #lookup: Lookup;
  readonly #caFile: string | undefined;
  readonly #patienceMs: number;
  readonly #known = new Map<string, string[]>();
  readonly #agents = new Map<string, Agent>();

  constructor(options: { lookup?: Lookup | undefined; caFile?: string | undefined; patienceMs?: number }) {
    this.#lookup = options.lookup ?? systemLookup;
    this.#caFile = options.caFile;
    this.#patienceMs = options.patienceMs ?? 900;
  }

  /** Addresses of a name; the last known ones while names are not resolved, undefined where none were ever. */
  async addresses(name: string): Promise<string[] | undefined> {
    if (isIP(name)) return [name];
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), this.#patienceMs);
    });
    const found = await Promise.race([this.#lookup(name).catch(() => undefined), late]);
    clearTimeout(timer);
    if (found && found.length > 0) this.#known.set(name, found.toSorted());
    return this.#known.get(name);
  }

  /** @param host whose certificate is shown; undefined: plain HTTP. Returns undefined where there was no whole answer in time. */
  async get(where: { address: string; port: number; path: string; host?: string }): Promise<Reply | undefined> {
    const { address, port, path, host } = where;
    const isSecure = host !== undefined && this.#caFile !== undefined;
    try {
      const { statusCode, body } = await request(`${isSecure ? "https" : "http"}://${instanceName({ address, port })}${path}`, {
        dispatcher: this.#agent(isSecure ? host : ""),
        signal: AbortSignal.timeout(this.#patienceMs),
      });
      const chunks: Buffer[] = [];
      let length = 0;
      for await (const chunk of body) {
        length += (chunk as Buffer).length;
        if (length > bodyMaxBytes) return undefined;
        chunks.push(chunk as Buffer);
      }
      return { status: statusCode, text: Buffer.concat(chunks).toString() };
    } catch {
      return undefined;
    }
  }

  stop(): void {
    for (const agent of this.#agents.values()) void agent.destroy().catch(() => {});
    this.#agents.clear();
  }

  #agent(host: string): Agent {
    const known = this.#agents.get(host);
    if (known) return known;
    if (this.#agents.size >= agentsMax) this.stop();
    const ca = host !== "" && this.#caFile !== undefined && existsSync(this.#caFile) ? readFileSync(this.#caFile) : undefined;
    const agent = new Agent({
      connect: { timeout: this.#patienceMs, ...(host === "" ? {} : { servername: host }), ...(ca ? { ca } : {}) },
      // Nobody looks most of the time: nothing is kept open for that.
      keepAliveTimeout: 10_000,
    });
    this.#agents.set(host, agent);
    return agent;
  }
}
