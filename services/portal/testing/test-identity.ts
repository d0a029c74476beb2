import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { calculateJwkThumbprint, createLocalJWKSet, exportJWK, generateKeyPair, type JWK, jwtVerify, SignJWT } from "jose";
import { freePort } from "../../lib/testing/free-port.ts";

/** What the tokens say about somebody. */
export type Person = Readonly<Record<string, string>> & { sub: string; role: string };

interface Grant {
  person: Person;
  nonce?: string;
  challenge?: string;
  /** It was used: once more ends the grant. */
  used: boolean;
  family: string;
}

/**
 * An OpenID provider for tests, small and strict: pushed requests, PKCE, private_key_jwt with each proof good once, codes and refresh tokens good
 * once. Whoever is `person` is signed in without being asked.
 */
export class TestIdentity {
  readonly audience = "dsp";
  person: Person;
  /** Of access tokens. */
  lifeS = 300;
  /** Something changed in how the person signs in. */
  accountNews = false;
  /** The next answer of the token endpoint is lost on its way. */
  loseNextAnswer = false;
  refreshes = 0;
  /** Port of an identity service that answers for its service desk. */
  desk: number | undefined;
  readonly refused: string[] = [];
  readonly port: number;
  readonly issuer: string;
  readonly jwksFile: string;
  readonly clientKeyFile: string;
  readonly #root: string;
  readonly #keys: { own: CryptoKey; ownPublic: JWK; client: JWK };
  readonly #server: Server;
  readonly #pushed = new Map<string, URLSearchParams>();
  readonly #codes = new Map<string, Grant>();
  readonly #refreshTokens = new Map<string, Grant>();
  readonly #ended = new Set<string>();
  readonly #answers = new Map<string, string>();
  readonly #proofs = new Set<string>();

  private constructor(port: number, root: string, person: Person, keys: { own: CryptoKey; ownPublic: JWK; client: JWK }) {
    this.port = port;
    this.person = person;
    this.#root = root;
    this.#keys = keys;
    this.issuer = `http://localhost:${port}/identity`;
    this.jwksFile = join(root, "jwks.json");
    this.clientKeyFile = join(root, "client-key.json");
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const url = new URL(request.url ?? "/", this.issuer);
        if (this.desk !== undefined && url.pathname.startsWith("/identity/service-desk/")) {
          void passOn(request, response, this.desk, Buffer.concat(chunks));
          return;
        }
        const body = new URLSearchParams(Buffer.concat(chunks).toString());
        const key = request.headers["idempotency-key"];
        this.#answer(url, body, typeof key === "string" ? key : undefined).then(
          ({ status, headers, text }) => response.writeHead(status, headers).end(text),
          (error: unknown) => response.writeHead(500).end(String(error)),
        );
      });
    });
  }

  static async start(person: Person): Promise<TestIdentity> {
    const root = await mkdtemp(join(tmpdir(), "dsp-identity-"));
    const own = await generateKeyPair("ES256", { extractable: true });
    const client = await generateKeyPair("ES256", { extractable: true });
    const ownPublic = { ...(await exportJWK(own.publicKey)), alg: "ES256", use: "sig" };
    const kid = await calculateJwkThumbprint(ownPublic);
    const clientPublic = await exportJWK(client.publicKey);
    const keys = { own: own.privateKey, ownPublic: { ...ownPublic, kid }, client: { ...clientPublic, alg: "ES256", kid: "portal-1" } };
    const identity = new TestIdentity(await freePort(), root, person, keys);
    await writeFile(identity.jwksFile, JSON.stringify({ keys: [keys.ownPublic] }));
    await writeFile(identity.clientKeyFile, JSON.stringify({ ...(await exportJWK(client.privateKey)), alg: "ES256", kid: "portal-1" }));
    await new Promise<void>((resolve) => identity.#server.listen(identity.port, resolve));
    return identity;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await rm(this.#root, { recursive: true, force: true });
  }

  /** An access token as this provider would give it. */
  accessToken(person: Person = this.person): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const claims = { client_id: "portal", scope: "patient/*.cruds user/*.cruds", ...person };
    return new SignJWT({ ...claims, iss: this.issuer, aud: this.audience, iat: now, exp: now + this.lifeS, jti: crypto.randomUUID() })
      .setProtectedHeader({ alg: "ES256", kid: this.#keys.ownPublic.kid ?? "" })
      .sign(this.#keys.own);
  }

  async #answer(
    url: URL,
    body: URLSearchParams,
    key: string | undefined,
  ): Promise<{ status: number; headers: Record<string, string>; text: string }> {
    const json = { "Content-Type": "application/json", "Cache-Control": "no-store" };
    switch (url.pathname) {
      case "/identity/request": {
        await this.#checkClient(body);
        const uri = `urn:ietf:params:oauth:request_uri:${crypto.randomUUID()}`;
        this.#pushed.set(uri, body);
        return { status: 201, headers: json, text: JSON.stringify({ request_uri: uri, expires_in: 60 }) };
      }
      case "/identity/auth":
        return { status: 303, headers: { Location: this.#authorize(url.searchParams.get("request_uri") ?? "") }, text: "" };
      case "/identity/token": {
        const known = key === undefined ? undefined : this.#answers.get(key);
        const given = known === undefined ? await this.#token(body) : { status: 200, text: known };
        if (key !== undefined && given.status === 200) this.#answers.set(key, given.text);
        if (this.loseNextAnswer) {
          this.loseNextAnswer = false;
          return { status: 502, headers: {}, text: "" };
        }
        return { status: given.status, headers: json, text: given.text };
      }
      case "/identity/session/end":
        return { status: 303, headers: { Location: url.searchParams.get("post_logout_redirect_uri") ?? "" }, text: "" };
      default:
        return { status: 404, headers: {}, text: "" };
    }
  }

  #authorize(uri: string): string {
    const asked = this.#pushed.get(uri);
    if (!asked) throw new Error("no pushed request");
    const code = crypto.randomUUID();
    const [nonce, challenge] = [asked.get("nonce"), asked.get("code_challenge")];
    this.#codes.set(code, {
      ...{ person: this.person, used: false, family: crypto.randomUUID() },
      ...(nonce === null ? {} : { nonce }),
      ...(challenge === null ? {} : { challenge }),
    });
    const query = new URLSearchParams({ code, state: asked.get("state") ?? "", iss: this.issuer });
    return `${asked.get("redirect_uri")}?${query}`;
  }

  async #token(body: URLSearchParams): Promise<{ status: number; text: string }> {
    const client = await this.#checkClient(body).catch((error: unknown) => String(error));
    if (client) return this.#refusal("invalid_client", client);
    const isCode = body.get("grant_type") === "authorization_code";
    if (!isCode) this.refreshes++;
    const grant = isCode ? this.#codes.get(body.get("code") ?? "") : this.#refreshTokens.get(body.get("refresh_token") ?? "");
    if (!grant || this.#ended.has(grant.family)) return this.#refusal("invalid_grant", "no such grant");
    if (grant.used) {
      this.#ended.add(grant.family);
      return this.#refusal("invalid_grant", "used twice");
    }
    if (isCode && grant.challenge !== (await challengeOf(body.get("code_verifier") ?? ""))) return this.#refusal("invalid_grant", "PKCE");
    grant.used = true;
    const refreshToken = crypto.randomUUID();
    this.#refreshTokens.set(refreshToken, { person: grant.person, used: false, family: grant.family });
    const { sub } = grant.person;
    const idToken = await new SignJWT({
      sub,
      ...(grant.nonce && isCode ? { nonce: grant.nonce } : {}),
      ...(this.accountNews ? { account_news: true } : {}),
    })
      .setProtectedHeader({ alg: "ES256", kid: this.#keys.ownPublic.kid ?? "" })
      .setIssuer(this.issuer)
      .setAudience("portal")
      .setIssuedAt()
      .setExpirationTime("1 h")
      .sign(this.#keys.own);
    const answer = { access_token: await this.accessToken(grant.person), token_type: "Bearer", expires_in: this.lifeS };
    return { status: 200, text: JSON.stringify({ ...answer, refresh_token: refreshToken, id_token: idToken }) };
  }

  #refusal(error: string, why: string): { status: number; text: string } {
    this.refused.push(`${error}: ${why}`);
    return { status: error === "invalid_client" ? 401 : 400, text: JSON.stringify({ error }) };
  }

  /** @throws when the proof is not the client's, or was used before */
  async #checkClient(body: URLSearchParams): Promise<undefined> {
    const keys = createLocalJWKSet({ keys: [this.#keys.client] });
    const { payload } = await jwtVerify(body.get("client_assertion") ?? "", keys, {
      audience: this.issuer,
      issuer: "portal",
      subject: "portal",
    });
    if (payload.jti === undefined || this.#proofs.has(payload.jti)) throw new Error("the proof was used before");
    this.#proofs.add(payload.jti);
  }
}

async function challengeOf(verifier: string): Promise<string> {
  return Buffer.from(await crypto.subtle.digest("SHA-256", Buffer.from(verifier))).toString("base64url");
}

async function passOn(request: IncomingMessage, response: ServerResponse, port: number, body: Buffer): Promise<void> {
  const { host: _host, connection: _connection, "content-length": _length, ...headers } = request.headers;
  const { method = "GET" } = request;
  const answer = await fetch(`http://127.0.0.1:${port}${request.url}`, {
    ...{ method, headers: headers as Record<string, string> },
    ...(method === "GET" ? {} : { body: new Uint8Array(body) }),
  });
  response.writeHead(answer.status, { "Content-Type": answer.headers.get("Content-Type") ?? "" }).end(await answer.text());
}
