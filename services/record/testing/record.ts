import { join } from "node:path";
import { pino } from "pino";
import { AuditTrail } from "../../lib/audit.ts";
import { RedisAuditOutbox } from "../../lib/audit-outbox.ts";
import { TokenVerifier } from "../../lib/authenticate.ts";
import { ByteBudget } from "../../lib/byte-budget.ts";
import { Database } from "../../lib/database/database.ts";
import { migrate } from "../../lib/database/migrate.ts";
import { parseHosts } from "../../lib/database/resolve-hosts.ts";
import { type AnyResource, validate } from "../../lib/fhir/validate.ts";
import { createMetrics } from "../../lib/metrics.ts";
import { FhirError } from "../../lib/operation-outcome.ts";
import { RedisConnection } from "../../lib/redis.ts";
import type { TestPostgres } from "../../lib/testing/postgres.ts";
import type { TestRedis } from "../../lib/testing/redis.ts";
import type { TestIssuer } from "../../lib/testing/tokens.ts";
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
   * unless the headers bring another.
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
  /** Whether answers are held to FHIR's rules: not where the time that they take is measured. */
  checksAnswers?: boolean;
}): Promise<TestRecord> {
  const { postgres, issuer } = options;
  const log = pino({ level: process.env.DSP_TEST_LOG ?? "silent" });
  const metrics = createMetrics({ service: "record" });
  const access = { database: "postgres", user: "record", schema: "record", applicationName: "record test" };
  const holdMax = options.holdMax ?? 2000;
  const database = new Database({ hosts: parseHosts(postgres.hosts), access, log, metrics, holdMax });
  database.start();
  const redis = options.redis && new RedisConnection({ server: { host: "127.0.0.1", port: options.redis.port }, log });
  const outbox = redis && new RedisAuditOutbox({ redis, metrics, service: "record", replicas: 1 });
  const audit = new AuditTrail({ database, metrics, log, site: "site-a", ...(outbox ? { outbox } : {}) });
  const verifier = new TokenVerifier(issuer);
  const settings = {
    publicUrl,
    site: "site-a",
    deadlineMs: 20_000,
    bodyMaxBytes: 1024 * 1024,
    ...options.settings,
  };
  const deps: Deps = {
    catalogue,
    database,
    audit,
    metrics,
    log,
    verifier,
    settings,
    bodies: new ByteBudget(32 * 1024 * 1024),
    readiness: () => ({ ready: true }),
  };
  await migrate({ database, access, folder: join(import.meta.dirname, "..", "migrations"), log, signal: new AbortController().signal });
  const app = createApp(deps);
  const token = await issuer.token();
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
      const response = await app.request(`http://record${path}`, { method, headers: all, ...given });
      if (options.checksAnswers ?? true) await checkAnswer(`${method} ${path}`, response);
      return response;
    },
    stop: () => {
      audit.stop();
      database.stop();
      redis?.stop();
    },
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
