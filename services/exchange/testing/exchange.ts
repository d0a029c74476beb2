import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Counter } from "prom-client";
import { RateLimiter } from "../../lib/rate-limiter.ts";
import type { RedisConnection } from "../../lib/redis.ts";
import { SecretBox } from "../../lib/secret-box.ts";
import type { TestPostgres } from "../../lib/testing/postgres.ts";
import type { TestRedis } from "../../lib/testing/redis.ts";
import { startTestParts } from "../../lib/testing/service.ts";
import type { TestIssuer } from "../../lib/testing/tokens.ts";
import { createApp } from "../app.ts";
import { loadCatalogue } from "../catalogue.ts";
import type { Deps } from "../deps.ts";
import { NoticeHub } from "../event/notice-hub.ts";
import { parseNetworks } from "../webhook/address-guard.ts";

const catalogue = loadCatalogue();

/** The exchange service over a test's own PostgreSQL, without a port. */
export interface TestExchange {
  deps: Deps;
  redis: RedisConnection | undefined;
  /** Calls the service with a token. */
  call(method: string, path: string, options: { token: string; body?: unknown; headers?: Record<string, string> }): Promise<Response>;
  stop(): void;
}

/** A file of keys, newest first, each 32 times the same byte. */
export function writeTestKeys(path: string, ...fills: number[]): void {
  writeFileSync(path, fills.map((fill) => Buffer.alloc(32, fill).toString("base64")).join("\n"));
}

export async function startTestExchange(options: {
  postgres: TestPostgres;
  issuer: TestIssuer;
  redis?: TestRedis;
  deps?: Partial<Deps>;
}): Promise<TestExchange> {
  const { postgres, issuer, redis } = options;
  await postgres.query(
    postgres.at(0),
    "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'exchange') THEN CREATE ROLE exchange LOGIN; END IF; END $$",
  );
  await postgres.query(postgres.at(0), "CREATE SCHEMA IF NOT EXISTS exchange AUTHORIZATION exchange");
  const parts = await startTestParts({
    ...{ postgres, issuer, redis, name: "exchange", commonTables: true },
    migrations: join(import.meta.dirname, "..", "migrations"),
  });
  const absent = { call: () => Promise.reject(new Error("this test has no other service")) };
  const { database, log, metrics } = parts.deps;
  const folder = mkdtempSync(join(tmpdir(), "dsp-exchange-"));
  const keysFile = join(folder, "secret-keys");
  writeTestKeys(keysFile, 1);
  const deps: Deps = {
    ...parts.deps,
    ...{ catalogue, record: absent, identity: absent },
    limits: {
      ...{ attachmentMaxBytes: 64 * 1024, recordUrl: "https://dsp.test/fhir" },
      ...{ subscriptionsMax: 20, attemptsMax: 3, failuresMax: 6, backlogMax: 100, eventDays: 30 },
    },
    ownToken: async () => `Bearer ${await issuer.token({ sub: "exchange", client_id: "exchange" })}`,
    webhooks: { allowed: parseNetworks("") },
    secrets: new SecretBox(keysFile, log),
    events: new NoticeHub({ database, log, streamsMax: 4, streamsPerAccountMax: 3, lookEveryMs: 100, heartbeatMs: 300 }),
    rate: new RateLimiter({ redis: parts.redis, name: "exchange", limit: 10_000, windowMs: 60_000, pods: 4 }),
    delivered: new Counter({
      name: "dsp_exchange_deliveries_total",
      help: "Tried",
      labelNames: ["outcome"],
      registers: [metrics.registry],
    }),
    ...options.deps,
  };
  const app = createApp(deps);
  return {
    deps,
    redis: parts.redis,
    call: async (method, path, { token, body, headers }) => {
      const text = typeof body === "string" || body === undefined ? body : JSON.stringify(body);
      const all = {
        Authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { "Content-Type": "application/fhir+json" }),
        ...headers,
      };
      return await app.request(`http://exchange${path}`, { method, headers: all, ...(text === undefined ? {} : { body: text }) });
    },
    stop: () => {
      parts.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
