import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../lib/testing/free-port.ts";
import { TestPostgres } from "../lib/testing/postgres.ts";
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

interface Running {
  url: string;
  child: ChildProcess;
  output: () => string;
}

async function start(environment: Record<string, string> = {}, script = "server.ts"): Promise<Running> {
  const port = await freePort();
  const child = spawn(process.execPath, [join(import.meta.dirname, script)], {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      PATH: process.env.PATH,
      PORT: String(port),
      METRICS_PORT: String(await freePort()),
      PUBLIC_URL: `http://127.0.0.1:${port}/fhir`,
      POSTGRES_HOSTS: postgres.hosts,
      POSTGRES_DATABASE: "postgres",
      TOKEN_ISSUER: issuer.issuer,
      TOKEN_AUDIENCE: issuer.audience,
      TOKEN_JWKS_FILE: issuer.jwksFile,
      DRAIN_NOTICE_MS: "500",
      ...environment,
    },
  });
  children.push(child);
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => (text += chunk.toString()));
  return { url: `http://127.0.0.1:${port}`, child, output: () => text };
}

async function readyState(url: string): Promise<number> {
  return await fetch(`${url}/health/ready`).then(
    (response) => response.status,
    () => 0,
  );
}

async function untilReady({ url, output }: Running): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    if ((await readyState(url)) === 200) return;
    await sleep(100);
  }
  throw new Error(`not ready: ${output()}`);
}

describe("the server process", () => {
  it("stops with exit code 78 and names every problem of its configuration", async () => {
    const running = await start({ PUBLIC_URL: "x", DEADLINE_MS: "soon" });
    const [code] = await once(running.child, "exit");
    expect(code).toBe(78);
    expect(running.output()).toMatch(/PUBLIC_URL[\s\S]*DEADLINE_MS/);
  });

  it("is alive but not ready without a database", async () => {
    const running = await start({ POSTGRES_HOSTS: `127.0.0.1:${await freePort()}` });
    for (let attempt = 0; attempt < 300 && (await readyState(running.url)) === 0; attempt++) await sleep(100);
    expect([await readyState(running.url), (await fetch(`${running.url}/health/live`)).status]).toEqual([503, 200]);
    running.child.kill("SIGTERM");
    expect(await once(running.child, "exit")).toEqual([0, null]);
  });

  it("migrates once from several replicas, seeds, serves, and drains without dropping a request", async () => {
    const replicas = await Promise.all([start(), start(), start()]);
    await Promise.all(replicas.map(untilReady));
    const migrations = await postgres.query<{ name: string }>(postgres.at(0), "SELECT name FROM record.schema_migration");
    expect(migrations.map(({ name }) => name)).toEqual([
      "0001_initial",
      "0002_search-quantity",
      "0003_bundle-results",
      "0004_rights",
      "0006_audit-chain",
      "0007_version-history",
      "0008_change-feed",
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
    expect(await readyState(replica.url)).toBe(503);
    stopped = true;
    await reading;
    expect(await once(replica.child, "exit")).toEqual([0, null]);
    expect(new Set(statuses)).toEqual(new Set([200]));
    const secrets = [token, "Test-01", "test-patient-01", "family"];
    expect(secrets.filter((secret) => replica.output().includes(secret))).toEqual([]);
  }, 120_000);
});
