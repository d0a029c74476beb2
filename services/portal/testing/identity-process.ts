import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { exportJWK, generateKeyPair } from "jose";
import { freePort } from "../../lib/testing/free-port.ts";
import type { TestPostgres } from "../../lib/testing/postgres.ts";
import type { TestIdentity } from "./test-identity.ts";

/** The identity service as it is, in a process of its own with the demo accounts, for its service desk; tokens come from the test's provider. */
export class IdentityProcess {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #root: string;

  private constructor(port: number, child: ChildProcess, root: string) {
    this.port = port;
    this.#child = child;
    this.#root = root;
  }

  static async start(postgres: TestPostgres, provider: TestIdentity): Promise<IdentityProcess> {
    await postgres.query(postgres.at(0), "CREATE ROLE identity LOGIN");
    await postgres.query(postgres.at(0), "CREATE SCHEMA identity AUTHORIZATION identity");
    const root = await mkdtemp(join(tmpdir(), "dsp-identity-"));
    const [port, operationsPort] = [await freePort(), await freePort()];
    const env = {
      ...{ PATH: process.env.PATH, PORT: String(port), METRICS_PORT: String(operationsPort), LOG_LEVEL: "warn" },
      ...{ POSTGRES_HOSTS: postgres.hosts, POSTGRES_DATABASE: "postgres", SITE: "site-a", SERVICES_DOMAIN: "test" },
      ...{
        PUBLIC_URL: provider.issuer,
        TOKEN_ISSUER: provider.issuer,
        TOKEN_AUDIENCE: provider.audience,
        TOKEN_JWKS_FILE: provider.jwksFile,
      },
      ...(await writeFiles(root)),
    };
    let output = "";
    const run = (script: string): ChildProcess => {
      const child = spawn(process.execPath, [join(import.meta.dirname, "../../identity", script)], {
        env,
        stdio: ["ignore", "pipe", "pipe"],
      });
      for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => (output += chunk.toString()));
      return child;
    };
    const identity = new IdentityProcess(port, run("server.ts"), root);
    for (let attempt = 0; attempt < 600; attempt++) {
      const ready = await fetch(`http://127.0.0.1:${port}/health/ready`).then(
        ({ ok }) => ok,
        () => false,
      );
      if (ready) break;
      await sleep(100);
    }
    const [code] = await once(run("seed.ts"), "exit");
    if (code === 0) return identity;
    await identity.stop();
    throw new Error(`identity did not start: ${output}`);
  }

  async stop(): Promise<void> {
    this.#child.kill("SIGKILL");
    await rm(this.#root, { recursive: true, force: true });
  }
}

/** What it reads from files. Returns the settings that name them. */
async function writeFiles(root: string): Promise<Record<string, string>> {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  const files: Record<string, string> = {
    SIGNING_KEYS_FILE: JSON.stringify({ keys: [{ ...(await exportJWK(privateKey)), kid: "key-1" }] }),
    COOKIE_KEYS_FILE: JSON.stringify(["test-cookie-key-0123456789-0123456789"]),
    SECRET_KEYS_FILE: `${Buffer.alloc(32, 7).toString("base64")}\n`,
    SERVICE_CLIENTS_FILE: "{}",
    DEMO_PASSWORD_FILE: "Test-password for all\n",
    CLIENT_KEY_FILE: "{}",
  };
  for (const [name, content] of Object.entries(files)) await writeFile(join(root, name), content);
  return Object.fromEntries(Object.keys(files).map((name) => [name, join(root, name)]));
}
