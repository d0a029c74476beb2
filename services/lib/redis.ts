import { readFileSync } from "node:fs";
import type { Duplex } from "node:stream";
import { Redis } from "ioredis";
import type { Logger } from "pino";

export interface RedisOptions {
  /** Through Sentinel, which names the primary; or, for tests, one server. */
  sentinels?: { host: string; port: number }[];
  primaryName?: string;
  server?: { host: string; port: number };
  passwordFile?: string;
  log: Logger;
}

/**
 * A connection to the Redis primary that never makes anybody wait: a command fails at once while there is no connection,
 * and after a second when there is no answer.
 */
export class RedisConnection {
  readonly client: Redis;
  readonly #log: Logger;
  #failing = false;

  constructor(options: RedisOptions) {
    const password = options.passwordFile ? readFileSync(options.passwordFile, "utf8").trim() : undefined;
    this.#log = options.log;
    this.client = new Redis({
      ...(options.sentinels ? { sentinels: options.sentinels, name: options.primaryName ?? "dsp" } : options.server),
      ...(password ? { password } : {}),
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
      connectTimeout: 1000,
      commandTimeout: 1000,
      keepAlive: 1000,
      retryStrategy: () => 250,
      sentinelRetryStrategy: () => 250,
      reconnectOnError: (error) => (/READONLY|NOREPLICAS|LOADING|MASTERDOWN/.test(error.message) ? 1 : false),
    });
    this.client.on("ready", () => {
      this.#failing = false;
      this.#log.info("Redis reached");
    });
    this.client.on("error", (error) => {
      if (!this.#failing) {
        this.#failing = true;
        this.#log.warn({ error }, "Redis lost");
      }
    });
  }

  get ready(): boolean {
    return this.client.status === "ready";
  }

  /** A command went unanswered: the connection may lead to a server that is frozen or gone. Connect anew, by way of Sentinel. */
  suspect(): void {
    // ioredis would say goodbye first and wait seconds for a frozen server's answer.
    (this.client as unknown as { stream?: Duplex }).stream?.destroy();
  }

  stop(): void {
    this.client.disconnect();
  }
}
