import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../lib/testing/free-port.ts";
import { TestPostgres } from "../lib/testing/postgres.ts";
import { readyStatus, type ScriptProcess, startScript, untilReady } from "../lib/testing/script-process.ts";
import { TestIssuer } from "../lib/testing/tokens.ts";

let postgres: TestPostgres;
let issuer: TestIssuer;
const children: ChildProcess[] = [];

beforeAll(async () => {
  postgres = await TestPostgres.start({ standbys: 0 });
  issuer = await TestIssuer.create();
}, 60_000);

afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await postgres?.stop();
  await issuer?.remove();
});

async function start(environment: Record<string, string> = {}, script = "server.ts"): Promise<ScriptProcess> {
  const port = await freePort();
  const running = await startScript(join(import.meta.dirname, script), port, {
    ...{ PUBLIC_URL: `http://127.0.0.1:${port}/fhir`, POSTGRES_HOSTS: postgres.hosts, POSTGRES_DATABASE: "postgres" },
    ...{ TOKEN_ISSUER: issuer.issuer, TOKEN_AUDIENCE: issuer.audience, TOKEN_JWKS_FILE: issuer.jwksFile, DRAIN_NOTICE_MS: "500" },
    ...environment,
  });
  children.push(running.child);
  return running;
}

describe("the server process", () => {
  it("stops with exit code 78 and names every problem of its configuration", async () => {
    const running = await start({ PUBLIC_URL: "x", DEADLINE_MS: "soon" });
    const [code] = await once(running.child, "exit");
    expect(code).toBe(78);
    expect(running.output()).toMatch(/PUBLIC_URL[\s\S]*DEADLINE_MS/);
  });

  it("is alive but not ready without a database, and takes no request that would wait in it", async () => {
    const running = await start({ POSTGRES_HOSTS: `127.0.0.1:${await freePort()}` });
    const operations = `http://127.0.0.1:${running.operationsPort}`;
    for (let attempt = 0; attempt < 300 && (await readyStatus({ url: operations })) === 0; attempt++) await sleep(100);
    expect([await readyStatus({ url: operations }), (await fetch(`${operations}/health/live`)).status]).toEqual([503, 200]);
    expect(await readyStatus(running)).toBe(0);
    running.child.kill("SIGTERM");
    expect(await once(running.child, "exit")).toEqual([0, null]);
  });

  it("migrates once from several replicas, seeds, serves, and drains without dropping a request", async () => {
    const replicas = await Promise.all([start(), start(), start()]);
    await Promise.all(replicas.map((replica) => untilReady(replica, 30_000)));
    const migrations = await postgres.query<{ name: string }>(postgres.at(0), "SELECT name FROM record.schema_migration");
    expect(migrations.map(({ name }) => name)).toEqual([
      "0001_initial",
      "0002_search-quantity",
      "0003_bundle-results",
      "0004_rights",
      "0006_audit-chain",
      "0007_version-history",
      "0008_change-feed",
      "0009_document",
    ]);

    const seeding = await start({}, "seed.ts");
    expect(await once(seeding.child, "exit"), seeding.output()).toEqual([0, null]);

    const reindexing = await start({}, "reindex.ts");
    expect(await once(reindexing.child, "exit"), reindexing.output()).toEqual([0, null]);
    expect(JSON.parse(reindexing.output().trim().split("\n").at(-1) ?? "")).toMatchObject({ relabelled: 0, notHeld: [], isComplete: true });

    const [replica] = replicas;
    if (!replica) throw new Error("no replica");
    const token = await issuer.token();
    const read = async (): Promise<number> => {
      const response = await fetch(`${replica.url}/fhir/Patient/test-patient-01`, { headers: { Authorization: `Bearer ${token}` } });
      await response.text();
      return response.status;
    };
    const statuses: number[] = [];
    let stopped = false;
    const reading = (async () => {
      while (!stopped) statuses.push(await read());
    })();
    await sleep(300);
    replica.child.kill("SIGTERM");
    await sleep(200);
    expect(await readyStatus(replica)).toBe(503);
    stopped = true;
    await reading;
    expect(await once(replica.child, "exit")).toEqual([0, null]);
    expect(new Set(statuses)).toEqual(new Set([200]));
    const secrets = [token, "Test-01", "test-patient-01", "family"];
    expect(secrets.filter((secret) => replica.output().includes(secret))).toEqual([]);
  }, 120_000);
});
