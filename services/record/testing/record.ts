import { join } from "node:path";
import type { TestPostgres } from "../../lib/testing/postgres.ts";
import type { TestRedis } from "../../lib/testing/redis.ts";
import { startTestParts } from "../../lib/testing/service.ts";
import type { TestIssuer } from "../../lib/testing/tokens.ts";
import { createApp } from "../app.ts";
import { loadCatalogue } from "../catalogue.ts";
import type { Deps, Settings } from "../deps.ts";
import { resourceTypes } from "../resource-types.ts";

const catalogue = loadCatalogue(resourceTypes);

/** The record service over a test's own PostgreSQL, without a port. */
export interface TestRecord {
  deps: Deps;
  /** Calls the service; the token is one that may do everything unless the headers bring another. */
  call(
    method: string,
    path: string,
    options?: { body?: unknown; headers?: Record<string, string>; signal?: AbortSignal },
  ): Promise<Response>;
  stop(): void;
}

export async function startTestRecord(options: {
  postgres: TestPostgres;
  issuer: TestIssuer;
  redis?: TestRedis;
  settings?: Partial<Settings>;
  holdMax?: number;
}): Promise<TestRecord> {
  const parts = await startTestParts({
    ...options,
    settings: { publicUrl: "https://dsp.test/fhir", ...options.settings },
    name: "record",
    migrations: join(import.meta.dirname, "..", "migrations"),
    commonTables: false,
  });
  const deps = { ...parts.deps, catalogue };
  const app = createApp(deps);
  const token = await options.issuer.token();
  return {
    deps,
    call: async (method, path, { body, headers, signal } = {}) => {
      const text = typeof body === "string" || body === undefined ? body : JSON.stringify(body);
      const all = {
        Authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { "Content-Type": "application/fhir+json" }),
        ...headers,
      };
      const given = { ...(text === undefined ? {} : { body: text }), ...(signal ? { signal } : {}) };
      return await app.request(`http://record${path}`, { method, headers: all, ...given });
    },
    stop: parts.stop,
  };
}
