import { lookup } from "node:dns/promises";
import { isIP, type LookupFunction } from "node:net";
import { z } from "zod";
import type { CachedFile } from "./cached-file.ts";
import { HttpsClient } from "./https-client.ts";
import type { Log } from "./parts.ts";
import type { Peers } from "./peers.ts";
import type { PrimaryId, VoteAnswer, VoteRequest } from "./vote.ts";

const answerSchema = z.object({
  granted: z.boolean(),
  term: z.number().int(),
  reason: z.string().optional(),
  alive: z.boolean().optional(),
});
const viewSchema = z.object({ primary: z.object({ instance: z.string(), timeline: z.number().int() }).nullable() });
const lookupIntervalMs = 5000;
const warmIntervalMs = 10_000;

/** The other watchers over HTTPS. Names are looked up ahead of need, and connections kept, so that a vote needs neither DNS nor a handshake. */
export class HttpsPeers implements Peers {
  readonly #urls: Record<string, string>;
  readonly #client: HttpsClient;
  readonly #addresses = new Map<string, string>();
  readonly #timeoutMs: number;
  readonly #log: Log;
  readonly #timers: NodeJS.Timeout[] = [];

  constructor(options: { urls: Record<string, string>; token: CachedFile; ca: CachedFile; timeoutMs: number; log: Log }) {
    this.#urls = options.urls;
    this.#timeoutMs = options.timeoutMs;
    this.#log = options.log;
    const find: LookupFunction = (name, settings, done) => {
      const address = this.#addresses.get(name);
      if (!address) done(new Error(`${name} is not looked up yet`), "", 0);
      else if (settings.all) done(null, [{ address, family: isIP(address) }]);
      else done(null, address, isIP(address));
    };
    this.#client = new HttpsClient(async () => ({
      ca: await options.ca.text(),
      headers: { Authorization: `Bearer ${await options.token.text()}` },
      lookup: find,
    }));
  }

  start(): void {
    this.#lookUpAll();
    this.#timers.push(setInterval(() => this.#lookUpAll(), lookupIntervalMs));
    const warm = (): void => {
      for (const site of Object.keys(this.#urls)) this.#send(site, "GET", "/healthz", 1000).catch(() => {});
    };
    this.#timers.push(setInterval(warm, warmIntervalMs));
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#client.stop();
  }

  async askVote(site: string, request: VoteRequest): Promise<VoteAnswer> {
    const { granted, term, reason, alive = false } = answerSchema.parse(await this.#send(site, "POST", "/vote", this.#timeoutMs, request));
    return { granted, term, alive, ...(reason === undefined ? {} : { reason }) };
  }

  async askPrimary(site: string): Promise<PrimaryId | undefined> {
    return viewSchema.parse(await this.#send(site, "GET", "/view", this.#timeoutMs)).primary ?? undefined;
  }

  async #send(site: string, method: string, path: string, timeoutMs: number, body?: unknown): Promise<unknown> {
    const url = new URL(path, this.#urls[site]).href;
    const reply = await this.#client.send({ method, url, timeoutMs, ...(body === undefined ? {} : { body }) });
    if (reply.status !== 200) throw new Error(`the watcher of ${site} answers ${reply.status}`);
    return reply.body;
  }

  /** What is known stays known while DNS is away. */
  #lookUpAll(): void {
    for (const url of Object.values(this.#urls)) {
      const { hostname } = new URL(url);
      if (isIP(hostname)) continue;
      lookup(hostname).then(
        ({ address }) => this.#addresses.set(hostname, address),
        (error: Error) => this.#log.debug({ hostname, reason: error.message }, "name not resolved"),
      );
    }
  }
}
