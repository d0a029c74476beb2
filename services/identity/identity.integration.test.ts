import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from "jose";
import * as client from "openid-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TestPostgres } from "../lib/testing/postgres.ts";
import { totpCode } from "./account/totp.ts";
import { demoTotpSecret, seed } from "./seed.ts";
import { Browser } from "./testing/browser.ts";
import { issuer, newKey, origin, startTestIdentity, TestFiles, type TestIdentity } from "./testing/identity.ts";

let postgres: TestPostgres;
let files: TestFiles;
let first: TestIdentity;
let second: TestIdentity;
let portal: client.Configuration;
let portalAtSecond: client.Configuration;

const redirectUri = `${origin}/portal/signed-in`;
const portalScope = "openid fhirUser profile offline_access user/*.cruds patient/*.cruds";

async function configure(identity: TestIdentity, clientId: string, authentication: client.ClientAuth): Promise<client.Configuration> {
  const configuration = await client.discovery(new URL(issuer), clientId, { id_token_signed_response_alg: "ES256" }, authentication, {
    [client.customFetch]: identity.fetch as client.CustomFetch,
  });
  configuration[client.customFetch] = identity.fetch as client.CustomFetch;
  return configuration;
}

beforeAll(async () => {
  postgres = await TestPostgres.start({ standbys: 1 });
  await postgres.query(postgres.at(0), "CREATE ROLE identity LOGIN");
  await postgres.query(postgres.at(0), "CREATE SCHEMA identity AUTHORIZATION identity");
  files = await TestFiles.create();
  first = await startTestIdentity({ postgres, files });
  second = await startTestIdentity({ postgres, files });
  await seed(first.deps, files.password);
  const key = { key: files.portal.privateKey, kid: "portal-1" };
  portal = await configure(first, "portal", client.PrivateKeyJwt(key));
  portalAtSecond = await configure(second, "portal", client.PrivateKeyJwt(key));
});

afterAll(async () => {
  await first?.stop();
  await second?.stop();
  await postgres?.stop();
  await files?.remove();
});

interface Asked {
  url: URL;
  verifier: string;
  state: string;
}

/** An authorization request of the portal's, pushed first. */
async function ask(configuration: client.Configuration, parameters: Record<string, string> = {}): Promise<Asked> {
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

async function redeem(configuration: client.Configuration, browser: Browser, { verifier, state }: Asked, options?: client.AuthorizationCodeGrantOptions) {
  return await client.authorizationCodeGrant(configuration, browser.url, { pkceCodeVerifier: verifier, expectedState: state }, undefined, options);
}

let codeTime = Date.now();

/** Each code is good once; the next sign-in of an account takes the next one, which is accepted a step early. */
function nextCode(login: string): string {
  return totpCode(demoTotpSecret(files.password, login), codeTime);
}

async function signIn(browser: Browser, login: string, url: URL): Promise<Browser> {
  await browser.go(url);
  await browser.submit("password", { login, password: files.password });
  if (browser.text.includes('name="code"')) await browser.submit("code", { code: nextCode(login) });
  return browser;
}

async function forgetUsedCodes(): Promise<void> {
  codeTime = Date.now();
  await postgres.query(postgres.at(0), "UPDATE identity.account SET totp_step = 0");
}

describe("discovery", () => {
  it("says what there is", async () => {
    const metadata = portal.serverMetadata();
    expect(metadata.issuer).toBe(issuer);
    expect(metadata.token_endpoint).toBe(`${issuer}/token`);
    expect(metadata.pushed_authorization_request_endpoint).toBe(`${issuer}/request`);
    expect(metadata.dpop_signing_alg_values_supported).toEqual(["ES256"]);
    expect(metadata.token_endpoint_auth_signing_alg_values_supported).toEqual(["ES256", "ES384", "RS384"]);
    const smart = (await (await first.fetch(`${issuer}/.well-known/smart-configuration`)).json()) as Record<string, unknown>;
    expect(smart).toMatchObject({ token_endpoint: `${issuer}/token`, code_challenge_methods_supported: ["S256"] });
  });
});

describe("signing in at the portal", () => {
  it("a patient by password, code and PKCE and a pushed request; the token is what the services want", async () => {
    const asked = await ask(portal);
    const browser = await signIn(new Browser(first.fetch), "marie", asked.url);
    expect(browser.url.href.startsWith(redirectUri)).toBe(true);
    const tokens = await redeem(portal, browser, asked);
    expect(tokens.claims()).toMatchObject({ name: "Marie Test-Weber", fhirUser: `${origin}/fhir/Patient/demo-marie`, acr: "urn:dsp:single" });
    expect(decodeProtectedHeader(tokens.access_token)).toMatchObject({ typ: "at+jwt", alg: "ES256" });
    expect(decodeJwt(tokens.access_token)).toMatchObject({ aud: "dsp", client_id: "portal", role: "patient", patient: "demo-marie" });
    expect(decodeJwt(tokens.access_token).scope).not.toContain("user/");
    const principal = await first.deps.verifier.verify(`Bearer ${tokens.access_token}`);
    expect(principal).toMatchObject({ role: "patient", person: "Patient/demo-marie", patientId: "demo-marie", clientId: "portal" });
  });

  it("a professional with a second factor: signed in at one server, the code redeemed at the other", async () => {
    await forgetUsedCodes();
    const asked = await ask(portal);
    const browser = await signIn(new Browser(first.fetch), "hoffmann", asked.url);
    const tokens = await redeem(portalAtSecond, browser, asked);
    expect(tokens.claims()).toMatchObject({ acr: "urn:dsp:mfa", fhirUser: `${origin}/fhir/Practitioner/demo-hoffmann` });
    expect(await second.deps.verifier.verify(`Bearer ${tokens.access_token}`)).toMatchObject({
      role: "practitioner",
      profession: "physician",
      organizationId: "demo-practice",
      person: "Practitioner/demo-hoffmann",
    });
    // The session is at both: the next request needs no sign-in.
    const again = await ask(portalAtSecond);
    const elsewhere = new Browser(second.fetch);
    Object.assign(elsewhere, { url: browser.url });
    const same = browser.copy();
    await same.go(again.url);
    expect(same.url.href.startsWith(redirectUri)).toBe(true);
  });
});
