import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../lib/testing/free-port.ts";
import { TestPostgres } from "../lib/testing/postgres.ts";
import { TestIdentity } from "./testing/test-identity.ts";
import { marie } from "./testing/test-portal.ts";

let postgres: TestPostgres;
let identity: TestIdentity;
const children: ChildProcess[] = [];

beforeAll(async () => {
  [postgres, identity] = await Promise.all([TestPostgres.start({ standbys: 0 }), TestIdentity.start(marie)]);
  await postgres.query(postgres.at(0), "CREATE ROLE portal LOGIN");
  await postgres.query(postgres.at(0), "CREATE SCHEMA portal AUTHORIZATION portal");
}, 120_000);

afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await Promise.all([postgres?.stop(), identity?.stop()]);
});

async function start(environment: Record<string, string> = {}): Promise<{ url: string; child: ChildProcess; output: () => string }> {
  const port = await freePort();
  const child = spawn(process.execPath, [join(import.meta.dirname, "server.ts")], {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      PATH: process.env.PATH,
      ...{ PORT: String(port), METRICS_PORT: String(await freePort()), PUBLIC_URL: `http://localhost:${port}/portal` },
      ...{ POSTGRES_HOSTS: postgres.hosts, POSTGRES_DATABASE: "postgres", DRAIN_NOTICE_MS: "100", SERVICES_DOMAIN: "invalid" },
      ...{ TOKEN_ISSUER: identity.issuer, TOKEN_AUDIENCE: identity.audience, TOKEN_JWKS_FILE: identity.jwksFile },
      ...{ CLIENT_KEY_FILE: identity.clientKeyFile, DEADLINE_MS: "1500" },
      ...environment,
    },
  });
  children.push(child);
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => (text += chunk.toString()));
  return { url: `http://localhost:${port}`, child, output: () => text };
}

describe("the server process", () => {
  it("stops with exit code 78 and names every problem of its configuration", async () => {
    const { child, output } = await start({ CLIENT_KEY_FILE: "", SESSION_HOURS: "many" });
    expect((await once(child, "exit"))[0]).toBe(78);
    expect(output()).toMatch(/CLIENT_KEY_FILE[\s\S]*SESSION_HOURS/);
  });

  it("serves pages, says so when another service is away, and drains", async () => {
    const { url, child, output } = await start();
    const ready = () =>
      fetch(`${url}/health/ready`).then(
        ({ status }) => status,
        () => 0,
      );
    for (let attempt = 0; attempt < 600 && (await ready()) !== 200; attempt++) await sleep(100);
    const page = await fetch(`${url}/portal/`, { headers: { "Accept-Language": "fr" } });
    expect([page.status, (await page.text()).includes("Votre dossier de santé")]).toEqual([200, true]);
    const away = await fetch(`${url}/portal/sign-in`, { headers: { "Accept-Language": "de" } });
    expect([away.status, away.headers.get("Retry-After"), (await away.text()).includes("Einen Moment bitte")]).toEqual([503, "2", true]);
    child.kill("SIGTERM");
    expect(await once(child, "exit"), output()).toEqual([0, null]);
    expect(output()).not.toContain("return=");
  });
});
