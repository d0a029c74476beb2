import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../lib/testing/free-port.ts";
import { TestPostgres } from "../lib/testing/postgres.ts";
import { type ScriptProcess, startScript, untilReady } from "../lib/testing/script-process.ts";
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

async function start(environment: Record<string, string> = {}): Promise<ScriptProcess> {
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const running = await startScript(join(import.meta.dirname, "server.ts"), port, {
    ...{ PUBLIC_URL: `${url}/portal`, POSTGRES_HOSTS: postgres.hosts, POSTGRES_DATABASE: "postgres" },
    ...{ DRAIN_NOTICE_MS: "100", SERVICES_DOMAIN: "invalid", DEADLINE_MS: "1500", CLIENT_KEY_FILE: identity.clientKeyFile },
    ...{ TOKEN_ISSUER: identity.issuer, TOKEN_AUDIENCE: identity.audience, TOKEN_JWKS_FILE: identity.jwksFile },
    ...environment,
  });
  children.push(running.child);
  return { ...running, url };
}

describe("the server process", () => {
  it("stops with exit code 78 and names every problem of its configuration", async () => {
    const { child, output } = await start({ CLIENT_KEY_FILE: "", SESSION_HOURS: "many" });
    expect((await once(child, "exit"))[0]).toBe(78);
    expect(output()).toMatch(/CLIENT_KEY_FILE[\s\S]*SESSION_HOURS/);
  });

  it("serves pages, says so when another service is away, and drains", async () => {
    const running = await start();
    await untilReady(running);
    const { url, child, output } = running;
    const page = await fetch(`${url}/portal/`, { headers: { "Accept-Language": "fr" } });
    expect([page.status, (await page.text()).includes("Votre dossier de santé")]).toEqual([200, true]);
    const away = await fetch(`${url}/portal/sign-in`, { headers: { "Accept-Language": "de" } });
    expect([away.status, away.headers.get("Retry-After"), (await away.text()).includes("Einen Moment bitte")]).toEqual([503, "2", true]);
    child.kill("SIGTERM");
    expect(await once(child, "exit"), output()).toEqual([0, null]);
    expect(output()).not.toContain("return=");
  });
});
