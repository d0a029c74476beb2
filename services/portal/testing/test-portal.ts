import { join } from "node:path";
import type { Host } from "../../lib/database/resolve-hosts.ts";
import { HttpService } from "../../lib/serve.ts";
import { freePort } from "../../lib/testing/free-port.ts";
import { TestPostgres } from "../../lib/testing/postgres.ts";
import { TestRedis } from "../../lib/testing/redis.ts";
import { startTestParts } from "../../lib/testing/service.ts";
import type { TestIssuer } from "../../lib/testing/tokens.ts";
import { createApp } from "../app.ts";
import type { Deps } from "../deps.ts";
import { startDeps } from "../parts.ts";
import { RecordProcess } from "./record-process.ts";
import { seedRecord } from "./seed-record.ts";
import { type Person, TestIdentity } from "./test-identity.ts";

export const marie: Person = {
  ...{ sub: "marie", role: "patient", name: "Marie Test-Weber", patient: "demo-marie", fhirUser: "Patient/demo-marie" },
};
export const hoffmann: Person = {
  ...{ sub: "hoffmann", role: "practitioner", name: "Dr Claire Test-Hoffmann", fhirUser: "Practitioner/demo-hoffmann" },
  ...{ profession: "physician", organization: "demo-practice" },
};

export const operator: Person = { sub: "operator", role: "operator", name: "Max Test-Betrieb" };

/** The portal over real PostgreSQL, Redis and record, with a provider of its own. */
export interface TestPortal {
  /** Without a slash at its end: http://localhost:… */
  origin: string;
  deps: Deps;
  postgres: TestPostgres;
  redis: TestRedis;
  identity: TestIdentity;
  record: RecordProcess;
  /** Another pod of the portal. */
  another(): Promise<{ deps: Deps; fetch: (request: Request) => Promise<Response> | Response; stop: () => void }>;
  stop(): Promise<void>;
}

/** What a test adds: ports of services beside identity and record, by name, and what operators see. */
export interface TestElsewhere {
  standbys?: number;
  sites?: string[];
  sentinels?: Host[];
  ports?: Readonly<Record<string, number>>;
}

export async function startTestPortal(elsewhere: TestElsewhere = {}): Promise<TestPortal> {
  const [postgres, redis, identity] = await Promise.all([
    TestPostgres.start({ standbys: elsewhere.standbys ?? 0 }),
    TestRedis.start(),
    TestIdentity.start(marie),
  ]);
  await postgres.query(postgres.at(0), "CREATE ROLE portal LOGIN");
  await postgres.query(postgres.at(0), "CREATE SCHEMA portal AUTHORIZATION portal");
  const record = await RecordProcess.start(postgres, identity);
  await seedRecord(record);
  const port = await freePort();
  const origin = `http://localhost:${port}`;
  const start = async () => {
    const parts = await startTestParts({
      ...{ name: "portal", postgres, redis, migrations: join(import.meta.dirname, "../migrations"), commonTables: true },
      issuer: identity as unknown as TestIssuer,
      settings: { publicUrl: `${origin}/portal`, bodyMaxBytes: 8 * 1024 * 1024 },
    });
    const { deps, stop } = startDeps(
      parts,
      {
        ...{
          PUBLIC_URL: `${origin}/portal`,
          TOKEN_ISSUER: identity.issuer,
          SERVICES_DOMAIN: "test",
          SERVICES_PORT: 1,
          SERVICE_CA_FILE: undefined,
        },
        ...{
          CLIENT_KEY_FILE: identity.clientKeyFile,
          CLIENT_ID: "portal",
          SESSION_IDLE_MINUTES: 60,
          SESSION_HOURS: 12,
          HELPDESK: undefined,
        },
        ...{ OPERATIONS_PORT: 9, SITES: elsewhere.sites, SITE: "site-a", REDIS_SENTINELS: elsewhere.sentinels, REDIS_PRIMARY_NAME: "dsp" },
        ...{ REDIS_CA_FILE: undefined, REDIS_TLS_NAME: "redis" },
      },
      {
        lookup: async () => ["127.0.0.1"],
        ports: { identity: identity.port, record: record.port, "record operations": record.operationsPort, ...elsewhere.ports },
      },
    );
    const app = createApp(deps);
    return { deps, fetch: (request: Request) => app.fetch(request), stop };
  };
  const first = await start();
  const http = new HttpService({ fetch: first.fetch, port, log: first.deps.log });
  await http.listen();
  return {
    ...{ origin, deps: first.deps, postgres, redis, identity, record, another: start },
    stop: async () => {
      await http.drain({ noticeMs: 0, finishMs: 100 });
      first.stop();
      record.stop();
      await Promise.all([identity.stop(), redis.stop(), postgres.stop()]);
    },
  };
}
