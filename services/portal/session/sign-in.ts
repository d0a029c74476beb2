import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { decodeJwt, importJWK, type JWK } from "jose";
import * as oidc from "openid-client";
import type { Context } from "../../lib/context.ts";
import { FhirError } from "../../lib/operation-outcome.ts";
import type { ServiceClient } from "../../lib/service-client.ts";

/** What identity gave for a session. Instants are this service's own, in milliseconds. */
export interface Tokens {
  accessToken: string;
  refreshToken?: string;
  idToken?: string;
  issuedAtMs: number;
  endsAtMs: number;
}

/** Whether identity has told that something changed in how the person signs in; it tells anew whenever the tokens are renewed. */
export function hasAccountNews({ idToken }: Pick<Tokens, "idToken">): boolean {
  return idToken !== undefined && decodeJwt(idToken).account_news === true;
}

/** A sign-in under way, kept in the browser that began it. */
export interface Flow {
  state: string;
  nonce: string;
  verifier: string;
  /** Where the browser goes afterwards. */
  returnTo: string;
  /** How often it was begun anew because its answer was lost. */
  repeated: number;
}

export interface SignInOptions {
  identity: ServiceClient;
  /** `<origin>/identity` */
  issuer: string;
  clientId: string;
  keyFile: string;
  /** `<origin>/portal` */
  publicUrl: string;
}

const scope = "openid profile fhirUser offline_access patient/*.cruds user/*.cruds";
const defaultLifeS = 300;

/**
 * The portal as a client of identity: OpenID Connect authorization code flow with PKCE, pushed authorization requests (RFC 9126) and
 * private_key_jwt (RFC 7523). The browser goes to the public addresses, the portal's own requests to identity's pods.
 */
export class SignIn {
  readonly #options: SignInOptions;

  constructor(options: SignInOptions) {
    this.#options = options;
  }

  get issuer(): string {
    return this.#options.issuer;
  }

  /** @throws FhirError 503 when identity does not answer */
  async begin(
    context: Context,
    { returnTo, language, repeated, patient }: { returnTo: string; language: string; repeated: number; patient?: string },
  ): Promise<{ url: string; flow: Flow }> {
    const [state, nonce, verifier] = [oidc.randomState(), oidc.randomNonce(), oidc.randomPKCECodeVerifier()];
    const parameters = {
      redirect_uri: this.#redirectUri,
      scope,
      state,
      nonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
      ui_locales: language,
      ...(patient === undefined ? {} : { patient }),
    };
    const url = await this.#ask(context, `pushed-${digest(state)}`, (client) => oidc.buildAuthorizationUrlWithPAR(client, parameters));
    return { url: url.href, flow: { state, nonce, verifier, returnTo, repeated } };
  }

  /** @param search of the address that the browser came back to. @throws openid-client's errors; FhirError 503 */
  async finish(context: Context, search: string, { state, nonce, verifier }: Flow): Promise<Tokens> {
    const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true };
    const askedAtMs = Date.now();
    const answer = await this.#ask(context, `code-${digest(search)}`, (client) =>
      oidc.authorizationCodeGrant(client, new URL(`${this.#redirectUri}${search}`), checks),
    );
    return tokensFrom(answer, askedAtMs);
  }

  /** @throws FhirError 503 when identity does not answer */
  async renew(context: Context, { refreshToken, idToken }: Tokens): Promise<Tokens | "refused"> {
    if (refreshToken === undefined) return "refused";
    const askedAtMs = Date.now();
    try {
      // The key is made of the token: whoever sends it again, after its answer was lost, is to get that answer.
      const key = `refresh-${digest(refreshToken)}`;
      const answer = await this.#ask(context, key, (client) => oidc.refreshTokenGrant(client, refreshToken));
      return { refreshToken, ...(idToken === undefined ? {} : { idToken }), ...tokensFrom(answer, askedAtMs) };
    } catch (error) {
      if (isRefusal(error, "invalid_grant")) return "refused";
      throw error;
    }
  }

  /** Where the browser ends its session at identity too. */
  async endUrl({ idToken }: Pick<Tokens, "idToken">): Promise<string> {
    const { clientId, publicUrl, issuer } = this.#options;
    const query = new URLSearchParams({ post_logout_redirect_uri: `${publicUrl}/`, client_id: clientId });
    if (idToken !== undefined) query.set("id_token_hint", idToken);
    return `${issuer}/session/end?${query}`;
  }

  get #redirectUri(): string {
    return `${this.#options.publicUrl}/signed-in`;
  }

  /** A proof of the client's key is good for one use: when it was sent again after a lost answer and refused, the next one will do. */
  async #ask<T>(context: Context, key: string, question: (client: oidc.Configuration) => Promise<T>): Promise<T> {
    const attempt = async (): Promise<T> => question(await this.#client(context, key)).catch(unwrapped);
    try {
      return await attempt();
    } catch (error) {
      if (!isRefusal(error, "invalid_client")) throw error;
      return await attempt();
    }
  }

  async #client(context: Context, key: string): Promise<oidc.Configuration> {
    const { issuer, clientId, keyFile, identity } = this.#options;
    // Read each time: keys are rotated by replacing the file.
    const jwk = JSON.parse(readFileSync(keyFile, "utf8")) as JWK;
    const clientKey = (await importJWK(jwk, "ES256")) as CryptoKey;
    const server: oidc.ServerMetadata = {
      issuer,
      authorization_endpoint: `${issuer}/auth`,
      token_endpoint: `${issuer}/token`,
      pushed_authorization_request_endpoint: `${issuer}/request`,
      authorization_response_iss_parameter_supported: true,
    };
    const metadata = { client_id: clientId, id_token_signed_response_alg: "ES256", token_endpoint_auth_method: "private_key_jwt" };
    const proof = oidc.PrivateKeyJwt(jwk.kid === undefined ? clientKey : { key: clientKey, kid: jwk.kid });
    const client = new oidc.Configuration(server, clientId, metadata, proof);
    client[oidc.customFetch] = (url, options) => fetchFromPods(context, identity, url, options, key);
    // The addresses name the public origin; the way there is the service client's, over TLS with the platform's own authority.
    if (issuer.startsWith("http:")) oidc.allowInsecureRequests(client);
    return client;
  }
}

/** The library wraps what happened on the way. @throws the FhirError inside, or the error itself */
function unwrapped(error: unknown): never {
  for (let inner = error; inner instanceof Error; inner = inner.cause) {
    if (inner instanceof FhirError) throw inner;
  }
  throw error;
}

async function fetchFromPods(
  context: Context,
  identity: ServiceClient,
  url: string,
  options: oidc.CustomFetchOptions,
  key: string,
): Promise<Response> {
  const { pathname, search } = new URL(url);
  const body = options.body === undefined || options.body === null ? {} : { body: String(options.body) };
  const answer = await identity.call(context, {
    method: options.method === "POST" ? "POST" : "GET",
    path: pathname + search,
    headers: { ...Object.fromEntries(new Headers(options.headers)), "Idempotency-Key": key },
    ...body,
  });
  const headers = { "Content-Type": answer.headers["content-type"] ?? "application/json" };
  return new Response(answer.status === 204 ? null : new Uint8Array(answer.body), { status: answer.status, headers });
}

function tokensFrom(answer: oidc.TokenEndpointResponse & oidc.TokenEndpointResponseHelpers, issuedAtMs: number): Tokens {
  return {
    accessToken: answer.access_token,
    issuedAtMs,
    endsAtMs: issuedAtMs + (answer.expires_in ?? defaultLifeS) * 1000,
    ...(answer.refresh_token === undefined ? {} : { refreshToken: answer.refresh_token }),
    ...(answer.id_token === undefined ? {} : { idToken: answer.id_token }),
  };
}

function isRefusal(error: unknown, code: "invalid_grant" | "invalid_client"): boolean {
  return (
    (error instanceof oidc.ResponseBodyError && error.error === code) ||
    // A 401 with a challenge is told apart from one without.
    (code === "invalid_client" && error instanceof oidc.WWWAuthenticateChallengeError)
  );
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}
