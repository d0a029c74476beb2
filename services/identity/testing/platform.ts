import * as client from "openid-client";
import { TestPostgres } from "../../lib/testing/postgres.ts";
import type { TestRedis } from "../../lib/testing/redis.ts";
import { totpCode } from "../account/totp.ts";
import type { Delegation } from "../delegation/find-delegations.ts";
import type { IdentityConfig } from "../identity-deps.ts";
import { demoTotpSecret, seed } from "../seed.ts";
import { Browser } from "./browser.ts";
import { issuer, origin, startTestIdentity, TestFiles, type TestIdentity } from "./identity.ts";

export const redirectUri = `${origin}/portal/signed-in`;
const portalScope = "openid fhirUser profile offline_access user/*.cruds patient/*.cruds";

/** An authorization request that was made. */
export interface Asked {
  url: URL;
  verifier: string;
  state: string;
}

/** A PostgreSQL with accounts, and identity services over it. */
export class TestPlatform {
  readonly postgres: TestPostgres;
  readonly files: TestFiles;
  readonly identities: TestIdentity[] = [];
  /** What the record says of a person's delegations; undefined where it does not answer. */
  delegations: (person: string) => Delegation[] | undefined = () => [];
  readonly #redis: TestRedis | undefined;

  private constructor(postgres: TestPostgres, files: TestFiles, redis: TestRedis | undefined) {
    this.postgres = postgres;
    this.files = files;
    this.#redis = redis;
  }

  static async start(options: { standbys: number; redis?: TestRedis }): Promise<TestPlatform> {
    const postgres = await TestPostgres.start({ standbys: options.standbys });
    const files = await TestFiles.create();
    const platform = new TestPlatform(postgres, files, options.redis);
    try {
      await postgres.query(postgres.at(0), "CREATE ROLE identity LOGIN");
      await postgres.query(postgres.at(0), "CREATE SCHEMA identity AUTHORIZATION identity");
      await seed((await platform.add()).deps, files.password);
    } catch (error) {
      await platform.stop();
      throw error;
    }
    return platform;
  }

  /** One more server over the same stores. */
  async add(settings: Partial<IdentityConfig> = {}, tls?: { certFile: string; keyFile: string }): Promise<TestIdentity> {
    const { postgres, files } = this;
    const redis = this.#redis ? { redis: this.#redis } : {};
    const delegations = (person: string) => this.delegations(person);
    const identity = await startTestIdentity({ postgres, files, settings, delegations, ...redis, ...(tls ? { tls } : {}) });
    this.identities.push(identity);
    return identity;
  }

  at(index: number): TestIdentity {
    const identity = this.identities[index];
    if (!identity) throw new Error(`no server ${index}`);
    return identity;
  }

  async query<R extends object>(text: string, values: unknown[] = []): Promise<R[]> {
    return await this.postgres.query<R>(this.postgres.at(0), text, values);
  }

  /** How a client reaches a server, by its discovery document. */
  async configure(clientId: string, authentication: client.ClientAuth, server = this.at(0)): Promise<client.Configuration> {
    const fetch = server.fetch as client.CustomFetch;
    const metadata = { id_token_signed_response_alg: "ES256" };
    const configuration = await client.discovery(new URL(issuer), clientId, metadata, authentication, { [client.customFetch]: fetch });
    configuration[client.customFetch] = fetch;
    // The machine may be busy with other things for a while.
    configuration.timeout = 120;
    return configuration;
  }

  portal(server = this.at(0)): Promise<client.Configuration> {
    return this.configure("portal", client.PrivateKeyJwt({ key: this.files.portal.privateKey, kid: "portal-1" }), server);
  }

  exchange(server = this.at(0)): Promise<client.Configuration> {
    return this.configure("exchange", client.PrivateKeyJwt({ key: this.files.exchange.privateKey, kid: "exchange-1" }), server);
  }

  browser(network = "192.0.2.1", server = this.at(0)): Browser {
    return new Browser(server.fetch, { "X-Forwarded-For": network, "User-Agent": "Mozilla/5.0 (X11; Linux) Firefox/140.0" });
  }

  /** The code that an authenticator shows now. */
  code(login: string, atMs = Date.now()): string {
    return totpCode(demoTotpSecret(this.files.password, login), atMs);
  }

  /** So that a test need not wait half a minute for the next code. */
  async forgetUsedCodes(): Promise<void> {
    await this.query("UPDATE identity.account SET totp_step = 0, totp_used_by = NULL");
  }

  async signIn(browser: Browser, login: string, url: URL): Promise<Browser> {
    await browser.go(url);
    await browser.submit("password", { login, password: this.files.password });
    if (browser.text.includes('value="code"')) await browser.submit("code", { code: this.code(login) });
    return browser;
  }

  async stop(): Promise<void> {
    for (const identity of this.identities) await identity.stop();
    await this.postgres.stop();
    await this.files.remove();
  }
}

/** An authorization request, pushed first; the portal's unless the parameters say otherwise. */
export async function ask(configuration: client.Configuration, parameters: Record<string, string> = {}): Promise<Asked> {
  const verifier = client.randomPKCECodeVerifier();
  const state = client.randomState();
  const url = await client.buildAuthorizationUrlWithPAR(configuration, {
    redirect_uri: redirectUri,
    scope: portalScope,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    state,
    ...parameters,
  });
  return { url, verifier, state };
}

/** Redeems the code that the browser was sent back with. */
export async function redeem(
  configuration: client.Configuration,
  browser: Browser,
  { verifier, state }: Asked,
  options?: client.AuthorizationCodeGrantOptions,
) {
  const checks = { pkceCodeVerifier: verifier, expectedState: state };
  return await client.authorizationCodeGrant(configuration, browser.url, checks, undefined, options);
}
