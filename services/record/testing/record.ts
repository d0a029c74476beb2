import { join } from "node:path";
import { afterAll } from "vitest";
import { type AnyResource, validate } from "../../lib/fhir/validate.ts";
import { FhirError } from "../../lib/operation-outcome.ts";
import { RateLimiter } from "../../lib/rate-limiter.ts";
import { TestPostgres } from "../../lib/testing/postgres.ts";
import type { TestRedis } from "../../lib/testing/redis.ts";
import { startTestParts } from "../../lib/testing/service.ts";
import { TestIssuer } from "../../lib/testing/tokens.ts";
import { createApp } from "../app.ts";
import { loadCatalogue } from "../catalogue.ts";
import type { Deps, Settings } from "../deps.ts";
import { resourceTypes } from "../resource-types.ts";

const publicUrl = "https://dsp.test/fhir";
const catalogue = loadCatalogue(resourceTypes, publicUrl);

/** The record service over a test's own PostgreSQL, without a port. */
export interface TestRecord {
  deps: Deps;
  /**
   * Calls the service, and holds what it answers to the rules by which it judges what it is sent. The token is one that may do everything
   * unless the headers bring another. A body that is neither text nor bytes is sent as JSON.
   */
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
  /** Requests of one caller in a minute. */
  requestsMax?: number;
  /** Whether answers are held to FHIR's rules: not where the time that they take is measured. */
  checksAnswers?: boolean;
}): Promise<TestRecord> {
  const parts = await startTestParts({
    ...options,
    settings: { publicUrl, ...options.settings },
    name: "record",
    migrations: join(import.meta.dirname, "..", "migrations"),
    commonTables: false,
  });
  const limit = options.requestsMax ?? 1_000_000;
  const rate = new RateLimiter({ redis: undefined, name: "record", limit, windowMs: 60_000, pods: 1 });
  const deps = { ...parts.deps, catalogue, issuer: options.issuer.issuer, documentMaxBytes: 8 * 1024 * 1024, rate };
  const app = createApp(deps);
  const token = await options.issuer.token();
  return {
    deps,
    call: async (method, path, { body, headers, signal } = {}) => {
      const isSentAsIs = typeof body === "string" || body instanceof Uint8Array || body instanceof ReadableStream || body === undefined;
      const sent = (isSentAsIs ? body : JSON.stringify(body)) as RequestInit["body"];
      const all = {
        Authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { "Content-Type": "application/fhir+json" }),
        ...headers,
      };
      const given = { ...(sent === undefined ? {} : { body: sent, duplex: "half" as const }), ...(signal ? { signal } : {}) };
      const response = await app.request(`http://record${path}`, { method, headers: all, ...given });
      if (options.checksAnswers ?? true) await checkAnswer(`${method} ${path}`, response);
      return response;
    },
    stop: parts.stop,
  };
}

/** @throws when an answer in FHIR JSON is not valid FHIR */
async function checkAnswer(asked: string, response: Response): Promise<void> {
  if (!response.headers.get("Content-Type")?.startsWith("application/fhir+json") || !response.body) return;
  const answer = JSON.parse(await response.clone().text()) as AnyResource;
  try {
    validate(catalogue.definitions, answer);
  } catch (error) {
    if (!(error instanceof FhirError)) throw error;
    const problems = error.outcome.issue.map(({ details, expression }) => `${expression?.join() ?? ""}: ${details?.text}`);
    throw new Error(`${asked}: the answer, a ${answer.resourceType}, is not valid FHIR R4: ${problems.join("; ").slice(0, 1000)}`);
  }
}

/** PostgreSQL, an issuer and the record over them for one test file; they end with it. */
export async function useTestRecord(): Promise<{ postgres: TestPostgres; issuer: TestIssuer; record: TestRecord }> {
  const ends: (() => unknown)[] = [];
  afterAll(async () => {
    for (const end of ends.toReversed()) await end();
  });
  const issuer = await TestIssuer.create();
  ends.push(() => issuer.remove());
  const postgres = await TestPostgres.start({ standbys: 0 });
  ends.push(() => postgres.stop());
  const record = await startTestRecord({ postgres, issuer });
  ends.push(() => record.stop());
  return { postgres, issuer, record };
}
