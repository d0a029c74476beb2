import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../lib/testing/free-port.ts";
import { TestPostgres } from "../lib/testing/postgres.ts";
import { type ScriptProcess, startScript, untilReady } from "../lib/testing/script-process.ts";
import { TestIssuer } from "../lib/testing/tokens.ts";
import { writeTestKeys } from "./testing/exchange.ts";
import { testPeople } from "./testing/people.ts";

let postgres: TestPostgres;
let issuer: TestIssuer;
let folder: string;
let keysFile: string;
const children: ChildProcess[] = [];

beforeAll(async () => {
  postgres = await TestPostgres.start({ standbys: 0 });
  await postgres.query(
    postgres.at(0),
    "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'exchange') THEN CREATE ROLE exchange LOGIN; END IF; END $$",
  );
  await postgres.query(postgres.at(0), "CREATE SCHEMA IF NOT EXISTS exchange AUTHORIZATION exchange");
  issuer = await TestIssuer.create();
  folder = await mkdtemp(join(tmpdir(), "dsp-exchange-"));
  keysFile = join(folder, "secret-keys");
  writeTestKeys(keysFile, 1);
}, 60_000);

afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await postgres?.stop();
  await issuer?.remove();
  await rm(folder, { recursive: true, force: true });
});

async function start(environment: Record<string, string> = {}, script = "server.ts"): Promise<ScriptProcess> {
  const running = await startScript(join(import.meta.dirname, script), await freePort(), {
    ...{ PUBLIC_URL: "https://dsp.test/exchange", POSTGRES_HOSTS: postgres.hosts, POSTGRES_DATABASE: "postgres" },
    ...{ SERVICES_DOMAIN: "test.invalid", DRAIN_NOTICE_MS: "600", POSTGRES_POOL_MAX: "3", SECRET_KEYS_FILE: keysFile },
    ...{ TOKEN_ISSUER: issuer.issuer, TOKEN_AUDIENCE: issuer.audience, TOKEN_JWKS_FILE: issuer.jwksFile },
    ...environment,
  });
  children.push(running.child);
  return running;
}

describe("the server process", () => {
  it("stops with exit code 78 and names every problem of its configuration", async () => {
    const running = await start({ WEBHOOK_ALLOWED_NETWORKS: "10.0.0.0", RATE_LIMIT_PODS: "none", SECRET_KEYS_FILE: "" });
    expect((await once(running.child, "exit"))[0]).toBe(78);
    expect(running.output()).toContain("SECRET_KEYS_FILE");
    expect(running.output()).toMatch(
      /WEBHOOK_ALLOWED_NETWORKS: 10.0.0.0 is no network[\s\S]*RATE_LIMIT_PODS|RATE_LIMIT_PODS[\s\S]*is no network/,
    );
  });

  it("migrates, seeds, serves live notices, and ends them when it leaves, so that clients go to another pod", async () => {
    const [leaving, staying] = await Promise.all([start(), start()]);
    await Promise.all([leaving, staying].map((running) => untilReady(running)));
    const seeding = await start({}, "seed.ts");
    expect(await once(seeding.child, "exit"), seeding.output()).toEqual([0, null]);

    const { lentz } = await testPeople(issuer);
    const headers = { Authorization: `Bearer ${lentz}` };
    const inbox = await fetch(`${leaving.url}/exchange/inbox`, { headers });
    expect(((await inbox.json()) as { items: object[] }).items.length).toBe(2);
    const stream = await fetch(`${leaving.url}/exchange/events`, { headers });
    const text = stream.text();
    await sleep(1500);
    leaving.child.kill("SIGTERM");
    expect(await text).toMatch(/event: ready[\s\S]*event: reconnect/);
    expect(await once(leaving.child, "exit")).toEqual([0, null]);
    const lastId = /^id: (.*)$/m.exec(await text)?.[1] ?? "";

    const elsewhere = new AbortController();
    const again = await fetch(`${staying.url}/exchange/events`, {
      headers: { ...headers, "Last-Event-ID": lastId },
      signal: elsewhere.signal,
    });
    expect(again.status).toBe(200);
    elsewhere.abort();
    const [lease] = await postgres.query<{ n: number }>(
      postgres.at(0),
      "SELECT count(*)::int AS n FROM exchange.worker_lease WHERE until > now()",
    );
    expect(lease?.n).toBeLessThanOrEqual(1);
    const secrets = [lentz, "Test-Weber", "demo-marie", "Blutdruck"];
    expect(secrets.filter((secret) => `${leaving.output()}${seeding.output()}`.includes(secret))).toEqual([]);
  }, 120_000);
});
