import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exportJWK, generateKeyPair } from "jose";
import { freePort } from "../../lib/testing/free-port.ts";
import type { TestPostgres } from "../../lib/testing/postgres.ts";
import { type ScriptProcess, startScript, untilReady } from "../../lib/testing/script-process.ts";
import type { TestIdentity } from "./test-identity.ts";

/** The identity service as it is, in a process of its own with the demo accounts, for its service desk; tokens come from the test's provider. */
export class IdentityProcess {
  readonly #process: ScriptProcess;
  readonly #root: string;

  private constructor(process: ScriptProcess, root: string) {
    this.#process = process;
    this.#root = root;
  }

  static async start(postgres: TestPostgres, provider: TestIdentity): Promise<IdentityProcess> {
    await postgres.query(postgres.at(0), "CREATE ROLE identity LOGIN");
    await postgres.query(postgres.at(0), "CREATE SCHEMA identity AUTHORIZATION identity");
    const root = await mkdtemp(join(tmpdir(), "dsp-identity-"));
    const environment = {
      ...{ LOG_LEVEL: "warn", POSTGRES_HOSTS: postgres.hosts, POSTGRES_DATABASE: "postgres", SITE: "site-a", SERVICES_DOMAIN: "test" },
      ...{ PUBLIC_URL: provider.issuer, TOKEN_ISSUER: provider.issuer, TOKEN_AUDIENCE: provider.audience },
      TOKEN_JWKS_FILE: provider.jwksFile,
      ...(await writeFiles(root)),
    };
    const run = async (script: string): Promise<ScriptProcess> =>
      await startScript(join(import.meta.dirname, "../../identity", script), await freePort(), environment);
    const server = await run("server.ts");
    const identity = new IdentityProcess(server, root);
    try {
      await untilReady(server);
      const seeding = await run("seed.ts");
      const [code] = await once(seeding.child, "exit");
      if (code !== 0) throw new Error(`identity was not seeded: ${seeding.output()}`);
      return identity;
    } catch (error) {
      await identity.stop();
      throw error;
    }
  }

  get port(): number {
    return this.#process.port;
  }

  async stop(): Promise<void> {
    this.#process.child.kill("SIGKILL");
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
