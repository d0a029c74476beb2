import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../lib/testing/free-port.ts";
import { TestPostgres } from "../lib/testing/postgres.ts";
import { type ScriptProcess, startScript, untilReady } from "../lib/testing/script-process.ts";
import { Browser } from "./testing/browser.ts";
import { issuer, reach, TestFiles } from "./testing/identity.ts";

let postgres: TestPostgres;
let files: TestFiles;
const children: ChildProcess[] = [];

beforeAll(async () => {
  postgres = await TestPostgres.start({ standbys: 0 });
  await postgres.query(postgres.at(0), "CREATE ROLE identity LOGIN");
  await postgres.query(postgres.at(0), "CREATE SCHEMA identity AUTHORIZATION identity");
  files = await TestFiles.create();
});

afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await postgres?.stop();
  await files?.remove();
});

async function start(script: string, environment: Record<string, string> = {}): Promise<ScriptProcess> {
  const running = await startScript(join(import.meta.dirname, script), await freePort(), {
    ...{ PUBLIC_URL: issuer, POSTGRES_HOSTS: postgres.hosts, POSTGRES_DATABASE: "postgres", POSTGRES_POOL_MAX: "3" },
    ...{ TOKEN_ISSUER: issuer, TOKEN_AUDIENCE: "dsp", TOKEN_JWKS_FILE: files.path("jwks.json") },
    SIGNING_KEYS_FILE: files.path("signing-keys.json"),
    COOKIE_KEYS_FILE: files.path("cookie-keys.json"),
    SECRET_KEYS_FILE: files.path("secret-keys"),
    SERVICE_CLIENTS_FILE: files.path("service-clients.json"),
    DEMO_PASSWORD_FILE: files.path("demo-password"),
    DRAIN_NOTICE_MS: "100",
    ...environment,
  });
  children.push(running.child);
  return running;
}

describe("the server process", () => {
  it("stops with exit code 78 and names every problem of its configuration", async () => {
    const running = await start("server.ts", { SIGNING_KEYS_FILE: "", ACCESS_TOKEN_S: "x" });
    const [code] = await once(running.child, "exit");
    expect(code).toBe(78);
    expect(running.output()).toMatch(/SIGNING_KEYS_FILE[\s\S]*ACCESS_TOKEN_S/);
  });

  it("migrates, is seeded twice, signs in with three connections, and drains", async () => {
    const server = await start("server.ts");
    await untilReady(server, 30_000);
    for (const expected of ['"written":9,"present":0', '"written":0,"present":9']) {
      const seeding = await start("seed.ts");
      expect((await once(seeding.child, "exit"))[0], seeding.output()).toBe(0);
      expect(seeding.output()).toContain(expected);
      expect(seeding.output()).not.toContain(files.password);
    }
    const people = Array.from(
      { length: 6 },
      (_, index) => new Browser(reach(server.port, false), { "X-Forwarded-For": `192.0.2.${index}` }),
    );
    await Promise.all(
      people.map(async (browser) => {
        await browser.go(`${issuer}/account`);
        await browser.submit("password", { login: "marie", password: files.password });
        expect(browser.text).toContain("Marie Test-Weber");
      }),
    );
    const residentKiB = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.child.pid}/status`, "utf8"))?.[1]);
    expect(residentKiB).toBeLessThan(400 * 1024);
    server.child.kill("SIGTERM");
    expect(await once(server.child, "exit")).toEqual([0, null]);
  });
});
