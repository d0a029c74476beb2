import { join } from "node:path";
import { Definitions } from "../../lib/fhir/definitions.ts";
import { RateLimiter } from "../../lib/rate-limiter.ts";
import type { TestPostgres } from "../../lib/testing/postgres.ts";
import type { TestRedis } from "../../lib/testing/redis.ts";
import { startTestParts } from "../../lib/testing/service.ts";
import type { TestIssuer } from "../../lib/testing/tokens.ts";
import { createApp } from "../app.ts";
import { type Deps, resourceTypes } from "../deps.ts";

const definitions = new Definitions(resourceTypes);

export interface CallOptions {
  body?: unknown;
  headers?: Record<string, string>;
}

/** The registry service over a test's own PostgreSQL, without a port. */
export interface TestRegistry {
  deps: Deps;
  /** Calls the service; the token is the platform's own software's unless the headers bring another. */
  call(method: string, path: string, options?: CallOptions): Promise<Response>;
  stop(): void;
}

/** Several may be started over one PostgreSQL, as replicas are. */
export async function startTestRegistry(options: {
  postgres: TestPostgres;
  issuer: TestIssuer;
  redis?: TestRedis;
  /** Of one caller in a minute. */
  searchesMax?: number;
}): Promise<TestRegistry> {
  const { postgres } = options;
  await postgres.query(
    postgres.at(0),
    "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'registry') THEN CREATE ROLE registry LOGIN; CREATE SCHEMA registry AUTHORIZATION registry; END IF; END $$",
  );
  const parts = await startTestParts({
    ...options,
    name: "registry",
    migrations: join(import.meta.dirname, "..", "migrations"),
    commonTables: true,
  });
  const rate = new RateLimiter({ redis: parts.redis, name: "registry", limit: options.searchesMax ?? 10_000, windowMs: 60_000 });
  const deps = { ...parts.deps, definitions, importMaxBytes: 256 * 1024, rate };
  const app = createApp(deps);
  const token = await options.issuer.token();
  return {
    deps,
    call: async (method, path, { body, headers } = {}) => {
      const text = typeof body === "string" || body === undefined ? body : JSON.stringify(body);
      const all = {
        Authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { "Content-Type": "application/fhir+json" }),
        ...headers,
      };
      return await app.request(`http://registry${path}`, { method, headers: all, ...(text === undefined ? {} : { body: text }) });
    },
    stop: parts.stop,
  };
}
