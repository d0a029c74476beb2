import { readFileSync } from "node:fs";
import * as client from "openid-client";
import { passkeysOf } from "../account/passkey-store.ts";
import { accountByLogin } from "../account/store.ts";
import type { Deps, UpstreamSettings } from "../deps.ts";
import { authenticated, recordFailure } from "../signin/progress.ts";
import { putSignin } from "../signin/store.ts";
import type { Visit } from "../signin/visit.ts";

const timeoutS = 10;
const discoveryLifeMs = 3_600_000;

/** What the outside provider says of itself; asked anew once an hour. */
const known = new WeakMap<Deps, { atMs: number; configuration: Promise<client.Configuration> }>();

function configurationOf(deps: Deps, upstream: UpstreamSettings): Promise<client.Configuration> {
  const kept = known.get(deps);
  if (kept && performance.now() - kept.atMs < discoveryLifeMs) return kept.configuration;
  const { issuer, clientId, clientSecretFile } = upstream;
  const authentication =
    clientSecretFile === undefined ? client.None() : client.ClientSecretPost(readFileSync(clientSecretFile, "utf8").trim());
  const insecure = issuer.startsWith("http://127.0.0.1") || issuer.startsWith("http://localhost") ? [client.allowInsecureRequests] : [];
  const configuration = client.discovery(new URL(issuer), clientId, undefined, authentication, { timeout: timeoutS, execute: insecure });
  known.set(deps, { atMs: performance.now(), configuration });
  configuration.catch(() => known.delete(deps));
  return configuration;
}

function callbackOf({ deps }: Visit): string {
  return `${deps.identity.issuer}/upstream`;
}

/** Where to send the browser: code flow with PKCE, state and nonce, which are kept with this sign-in. */
export async function beginUpstream(visit: Visit): Promise<string> {
  const { deps, context, uid, state, language } = visit;
  const { upstream } = deps.identity;
  if (!upstream) throw new Error("there is no outside provider");
  const configuration = await configurationOf(deps, upstream);
  const checks = { state: client.randomState(), nonce: client.randomNonce(), verifier: client.randomPKCECodeVerifier() };
  await deps.database.write(context, (transaction) => putSignin(transaction, uid, { ...state.signin, upstream: checks }));
  const url = client.buildAuthorizationUrl(configuration, {
    redirect_uri: callbackOf(visit),
    scope: "openid profile",
    state: checks.state,
    nonce: checks.nonce,
    code_challenge: await client.calculatePKCECodeChallenge(checks.verifier),
    code_challenge_method: "S256",
    ui_locales: language,
  });
  return url.href;
}

/**
 * Takes the outside provider's answer. The account is the one whose login the configured claim names.
 * @returns false when no account is linked
 * @throws when the answer is not good
 */
export async function finishUpstream(visit: Visit, search: string): Promise<boolean> {
  const { deps, context, state } = visit;
  const { upstream } = deps.identity;
  const checks = state.signin.upstream;
  if (!upstream || !checks) return false;
  const configuration = await configurationOf(deps, upstream);
  const tokens = await client.authorizationCodeGrant(configuration, new URL(`${callbackOf(visit)}${search}`), {
    expectedState: checks.state,
    expectedNonce: checks.nonce,
    pkceCodeVerifier: checks.verifier,
    idTokenExpected: true,
  });
  const login = tokens.claims()?.[upstream.claim];
  const found = await deps.database.write(context, async (transaction) => {
    const account = typeof login === "string" ? await accountByLogin(transaction, login) : undefined;
    return account && { account, passkeys: (await passkeysOf(transaction, account.id)).length };
  });
  if (!found) {
    await recordFailure(visit, undefined);
    return false;
  }
  const amr = upstream.strong ? ["ext", "mfa"] : ["fed"];
  await deps.database.write(context, (transaction) => authenticated(visit, transaction, { ...found, amr }));
  return true;
}
