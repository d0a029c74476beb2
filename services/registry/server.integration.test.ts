import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TestPostgres } from "../lib/testing/postgres.ts";
import type { ScriptProcess } from "../lib/testing/script-process.ts";
import { TestIssuer } from "../lib/testing/tokens.ts";
import { readConfig } from "./config.ts";
import { startServer } from "./testing/server-process.ts";

const script = join(import.meta.dirname, "server.ts");
let postgres: TestPostgres;
let issuer: TestIssuer;
const children: ChildProcess[] = [];

beforeAll(async () => {
  postgres = await TestPostgres.start({ standbys: 0 });
  issuer = await TestIssuer.create();
  await postgres.query(postgres.at(0), "CREATE ROLE registry LOGIN");
  await postgres.query(postgres.at(0), "CREATE SCHEMA registry AUTHORIZATION registry");
}, 60_000);

afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await postgres?.stop();
  await issuer?.remove();
});

async function seed(): Promise<[number | null, string]> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "seed.ts")], {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...{ PATH: process.env.PATH, PUBLIC_URL: "https://dsp.test/registry", POSTGRES_HOSTS: postgres.hosts, POSTGRES_DATABASE: "postgres" },
      ...{ TOKEN_ISSUER: issuer.issuer, TOKEN_AUDIENCE: issuer.audience, TOKEN_JWKS_FILE: issuer.jwksFile },
    },
  });
  children.push(child);
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const [code] = (await once(child, "exit")) as [number | null];
  return [code, text];
}

describe("the configuration", () => {
  it("names every problem at once", () => {
    expect(() => readConfig({ PUBLIC_URL: "x", IMPORT_MAX_BYTES: "1", POLL_MS: "soon" })).toThrow(
      /PUBLIC_URL[\s\S]*IMPORT_MAX_BYTES[\s\S]*POLL_MS/,
    );
  });
});

describe("the server process", () => {
  it("migrates from two replicas, is seeded twice, serves, keeps names out of its log, and drains", async () => {
    const replicas: ScriptProcess[] = await Promise.all([0, 1].map(() => startServer(script, { postgres, issuer })));
    for (const { child } of replicas) children.push(child);
    const seeds = [await seed(), await seed()];
    expect(
      seeds.map(([code]) => code),
      seeds.map(([, text]) => text).join(),
    ).toEqual([0, 0]);
    expect(seeds[1]?.[1]).toMatch(/"written":0/);
    const token = await issuer.token();
    const [replica, other] = replicas;
    if (!replica || !other) throw new Error("no replicas");
    const get = (path: string) =>
      fetch(`http://127.0.0.1:${replica.port}/registry${path}`, { headers: { Authorization: `Bearer ${token}` } });
    expect((await get("/fhir/Patient/demo-marie")).status).toBe(200);
    expect((await get("/fhir/Patient?family=Test-Weber&birthdate=1958-03-14")).status).toBe(200);
    const pairs = (await (await get("/duplicates")).json()) as { pairs: object[] };
    expect(pairs.pairs.length).toBe(2);
    for (const { child } of replicas) child.kill("SIGTERM");
    expect(
      await Promise.all(replicas.map(({ child }) => (child.exitCode === null ? once(child, "exit") : [child.exitCode, null]))),
    ).toEqual([
      [0, null],
      [0, null],
    ]);
    const output = [replica.output(), other.output(), ...seeds.map(([, text]) => text)].join();
    expect(["Test-Weber", "1958", "demo-marie", token].filter((secret) => output.includes(secret))).toEqual([]);
  }, 240_000);
});
