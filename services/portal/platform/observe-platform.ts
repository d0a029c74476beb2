import type { Logger } from "pino";
import type { Database } from "../../lib/database/database.ts";
import type { Host } from "../../lib/database/resolve-hosts.ts";
import { PodInquiry } from "./ask-pods.ts";
import { askSentinel, type WatchedRedis } from "./ask-sentinels.ts";
import { askWatcher } from "./ask-watchers.ts";
import type { Inquirer } from "./inquirer.ts";
import { postgresSights } from "./postgres-sights.ts";
import { readBackups } from "./read-backups.ts";
import type { Platform } from "./sights.ts";

export interface ObserverOptions {
  database: Pick<Database, "instances" | "primary" | "read">;
  log: Logger;
  inquirer: Inquirer;
  services: readonly string[];
  /** All three, the witness included; undefined: nobody has said. */
  sites: readonly string[] | undefined;
  /** Where this pod stands. */
  site: string;
  domain: string;
  sentinels: readonly Host[] | undefined;
  redis: WatchedRedis;
  /** Of a service's port for operations, and of a watcher. */
  portOf: (name: string, what: "operations" | "watcher") => number;
}

/** Many may look at once; the platform is asked once a second for all of them, and not at all while nobody looks. */
const freshForMs = 1000;

/** Looks at the whole platform from this pod, without any right that the portal does not have anyway. */
export class PlatformObserver {
  readonly #options: ObserverOptions;
  readonly #pods: PodInquiry;
  #last: { platform: Promise<Platform>; atMs: number } | undefined;

  constructor(options: ObserverOptions) {
    this.#options = options;
    const { inquirer, domain, portOf } = options;
    this.#pods = new PodInquiry({ inquirer, domain, portOf: (service) => portOf(service, "operations") });
  }

  async observe(): Promise<Platform> {
    if (!this.#last || performance.now() - this.#last.atMs > freshForMs) {
      this.#last = { platform: this.#look(), atMs: performance.now() };
    }
    return await this.#last.platform;
  }

  async #look(): Promise<Platform> {
    const { database, log, inquirer, services, sites, site, domain, sentinels, redis, portOf } = this.#options;
    const [asked, ofSentinels, watchers, backups] = await Promise.all([
      Promise.all(services.map((service) => this.#pods.ask(service))),
      sentinels && Promise.all(sentinels.map((sentinel) => askSentinel(inquirer, sentinel, redis))),
      sites && Promise.all(sites.map((each) => askWatcher(inquirer, each, domain, portOf(each, "watcher")))),
      readBackups(database, log),
    ]);
    return {
      ...{ at: new Date().toISOString(), seenFrom: site, services: asked, sentinels: ofSentinels, watchers, backups },
      postgres: postgresSights(database.instances, database.primary),
    };
  }
}
