import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HttpBindings } from "@hono/node-server";
import { exportJWK, generateKeyPair, type JWK } from "jose";
import { pino } from "pino";
import { Agent, fetch as undiciFetch } from "undici";
import { HttpService } from "../../lib/serve.ts";
import type { TestPostgres } from "../../lib/testing/postgres.ts";
import type { TestRedis } from "../../lib/testing/redis.ts";
import { startTestParts } from "../../lib/testing/service.ts";
import type { TestIssuer } from "../../lib/testing/tokens.ts";
import { createApp } from "../app.ts";
import type { Delegation, FindDelegations } from "../delegation/find-delegations.ts";
import type { Deps } from "../deps.ts";
import { type IdentityConfig, identityDeps } from "../identity-deps.ts";

export const origin = "https://dsp.test";
export const issuer = `${origin}/identity`;

export async function newKey(
  alg: "ES256" | "ES384" | "RS384",
  kid: string,
): Promise<{ privateJwk: JWK; publicJwk: JWK; privateKey: CryptoKey }> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { privateKey, privateJwk: { ...(await exportJWK(privateKey)), kid }, publicJwk: { ...(await exportJWK(publicKey)), kid } };
}

/** The files an identity service reads, in a folder of the test's own. */
export class TestFiles {
  readonly root: string;
  readonly password = "Test-Passwort für alle";
  readonly portal: Awaited<ReturnType<typeof newKey>>;
  readonly exchange: Awaited<ReturnType<typeof newKey>>;

  private constructor(root: string, portal: TestFiles["portal"], exchange: TestFiles["exchange"]) {
    this.root = root;
    this.portal = portal;
    this.exchange = exchange;
  }

  static async create(): Promise<TestFiles> {
    const root = await mkdtemp(join(tmpdir(), "dsp-identity-"));
    const files = new TestFiles(root, await newKey("ES256", "portal-1"), await newKey("ES256", "exchange-1"));
    await files.write("cookie-keys.json", JSON.stringify(["test-cookie-key-0123456789-0123456789"]));
    await files.write("secret-keys", `${Buffer.alloc(32, 7).toString("base64")}\n`);
    await files.write("demo-password", `${files.password}\n`);
    const clients = { portal: { keys: [files.portal.publicJwk] }, exchange: { keys: [files.exchange.publicJwk] } };
    await files.write("service-clients.json", JSON.stringify(clients));
    await files.writeKeys([(await newKey("ES256", "key-1")).privateJwk]);
    return files;
  }

  /** The signing keys, newest first, and the public ones as the other services have them. */
  async writeKeys(keys: JWK[], options: { publish: boolean } = { publish: true }): Promise<void> {
    await this.write("signing-keys.json", JSON.stringify({ keys }));
    if (options.publish) await this.publish(keys);
  }

  async publish(keys: JWK[]): Promise<void> {
    const publicKeys = keys.map(({ d: _private, ...rest }) => ({ ...rest, alg: "ES256", use: "sig" }));
    await this.write("jwks.json", JSON.stringify({ keys: publicKeys }));
  }

  async write(name: string, text: string): Promise<void> {
    await writeFile(this.path(name), text);
  }

  path(name: string): string {
    return join(this.root, name);
  }

  async remove(): Promise<void> {
    await rm(this.root, { recursive: true, force: true });
  }
}

/** A listening identity service; `fetch` reaches it under its public name. */
export interface TestIdentity {
  deps: Deps;
  fetch: typeof fetch;
  /** What it logged. */
  logs: string[];
  /** The versions of HTTP that requests came by. */
  versions: ReadonlySet<number>;
  stop(): Promise<void>;
}

export async function startTestIdentity(options: {
  postgres: TestPostgres;
  files: TestFiles;
  redis?: TestRedis;
  settings?: Partial<IdentityConfig>;
  /** What the record says of delegates: nothing, where it is left out. */
  delegations?: (person: string) => Delegation[] | undefined;
  /** Listen over TLS, HTTP/2 included. */
  tls?: { certFile: string; keyFile: string };
}): Promise<TestIdentity> {
  const { postgres, files, redis, tls } = options;
  const verifier = { issuer, audience: "dsp", jwksFile: files.path("jwks.json"), reloadMs: 200 } as unknown as TestIssuer;
  const parts = await startTestParts({
    name: "identity",
    postgres,
    issuer: verifier,
    migrations: join(import.meta.dirname, "..", "migrations"),
    commonTables: true,
    redis,
    settings: { publicUrl: issuer },
  });
  const logs: string[] = [];
  const log = pino({ level: "debug" }, { write: (line: string) => logs.push(line) });
  const find: FindDelegations = async (_context, person) => (options.delegations ? options.delegations(person) : []);
  const deps = identityDeps({ ...parts.deps, log }, { ...testConfig(files), ...options.settings }, find);
  const { fetch: serve } = createApp(deps);
  const versions = new Set<number>();
  const counted = (request: Request, env?: HttpBindings) => {
    if (env) versions.add(env.incoming.httpVersionMajor);
    return serve(request, env);
  };
  const http = new HttpService({ fetch: counted, port: 0, log, ...(tls ? { tlsCertFile: tls.certFile, tlsKeyFile: tls.keyFile } : {}) });
  const port = await http.listen();
  return {
    deps,
    fetch: reach(port, tls !== undefined),
    logs,
    versions,
    stop: async () => {
      await http.drain({ noticeMs: 0, finishMs: 100 });
      parts.stop();
    },
  };
}

function testConfig(files: TestFiles): IdentityConfig {
  return {
    PUBLIC_URL: issuer,
    TOKEN_AUDIENCE: "dsp",
    SIGNING_KEYS_FILE: files.path("signing-keys.json"),
    SIGNING_KEY_ACTIVE_AFTER_S: 300,
    COOKIE_KEYS_FILE: files.path("cookie-keys.json"),
    SECRET_KEYS_FILE: files.path("secret-keys"),
    SERVICE_CLIENTS_FILE: files.path("service-clients.json"),
    ACCESS_TOKEN_S: 900,
    REFRESH_TOKEN_S: 3600,
    SESSION_S: 3600,
    PASSWORD_CHECKS_MAX: 2,
    UPSTREAM_NAME: "eID",
    UPSTREAM_CLAIM: "preferred_username",
    UPSTREAM_IS_STRONG: "false",
  };
}

/** Sends what goes to the public name to the port instead. */
export function reach(port: number, secure: boolean): typeof fetch {
  const dispatcher = new Agent({ allowH2: secure, connect: { rejectUnauthorized: false } });
  const base = `${secure ? "https" : "http"}://127.0.0.1:${port}`;
  return (async (input: Request | URL | string, init: RequestInit = {}) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const target = `${base}${url.pathname}${url.search}`;
    return await undiciFetch(target, { ...init, dispatcher } as Parameters<typeof undiciFetch>[1]);
  }) as unknown as typeof fetch;
}
