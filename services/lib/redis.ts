import { readFileSync } from "node:fs";
import type { Duplex } from "node:stream";
import { Redis } from "ioredis";
import type { Logger } from "pino";
import { passwordsIn } from "./passwords.ts";
import type { ServiceConfig } from "./service-config.ts";

/** TLS to Redis and to its Sentinels, which bear the same name: Sentinel names servers by address, and addresses are in no certificate. */
export interface RedisTls {
  ca: string;
  servername: string;
}

/** @returns undefined where no authority is given */
export function redisTls({ REDIS_CA_FILE: caFile, REDIS_TLS_NAME: servername }: RedisTlsSettings): RedisTls | undefined {
  return caFile === undefined ? undefined : { ca: readFileSync(caFile, "utf8"), servername };
}

export type RedisTlsSettings = Pick<ServiceConfig, "REDIS_CA_FILE" | "REDIS_TLS_NAME">;

export interface RedisOptions {
  /** Through Sentinel, which names the primary; or, for tests, one server. */
  sentinels?: { host: string; port: number }[];
  primaryName?: string;
  server?: { host: string; port: number };
  /** Passwords, one a line, of which the first that is taken is used: the present one, and those that were before. Read at each connect. */
  passwordFiles?: string[];
  tls?: RedisTls | undefined;
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
    this.#log = options.log;
    let refused = 0;
    const password = (): string | undefined => {
      const known = passwordsIn(options.passwordFiles ?? []);
      return known[refused % known.length];
    };
    const first = password();
    this.client = new Redis({
      ...(options.sentinels ? { sentinels: options.sentinels, name: options.primaryName ?? "dsp" } : options.server),
      ...(options.tls ? { tls: options.tls, sentinelTLS: options.tls, enableTLSForSentinelMode: true } : {}),
      ...(first ? { password: first } : {}),
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
      connectTimeout: 1000,
      commandTimeout: 1000,
      keepAlive: 1000,
      retryStrategy: () => {
        const now = password();
        if (now) this.client.options.password = now;
        return 250;
      },
      sentinelRetryStrategy: () => 250,
      reconnectOnError: (error) => (/READONLY|NOREPLICAS|LOADING|MASTERDOWN/.test(error.message) ? 1 : false),
    });
    this.client.on("ready", () => {
      this.#failing = false;
      this.#log.info("Redis reached");
    });
    this.client.on("error", (error) => {
      if (/WRONGPASS/.test(error.message)) refused++;
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
