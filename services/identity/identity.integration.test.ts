import { decodeJwt, decodeProtectedHeader } from "jose";
import * as client from "openid-client";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { backgroundContext } from "../lib/context.ts";
import type { ServiceClient } from "../lib/service-client.ts";
import { ServiceToken } from "../lib/service-token.ts";
import { makeCertificate } from "../lib/testing/certificate.ts";
import { issuer, newKey, origin } from "./testing/identity.ts";
import { ask, redeem, redirectUri, TestPlatform } from "./testing/platform.ts";

let platform: TestPlatform;
let portal: client.Configuration;
let portalAtSecond: client.Configuration;

beforeAll(async () => {
  platform = await TestPlatform.start({ standbys: 1 });
  await platform.add();
  portal = await platform.portal();
  portalAtSecond = await platform.portal(platform.at(1));
});

afterAll(() => platform?.stop());
beforeEach(() => platform.forgetUsedCodes());

async function tokensOf(login: string, parameters: Record<string, string> = {}) {
  const asked = await ask(portal, parameters);
  const browser = await platform.signIn(platform.browser(), login, asked.url);
  return { browser, tokens: await redeem(portal, browser, asked) };
}

async function adminToken(): Promise<string> {
  return (await client.clientCredentialsGrant(await platform.exchange(), { scope: "system/*.cruds" })).access_token;
}

async function call(path: string, token: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await platform.at(0).fetch(`${issuer}${path}`, {
    method: "POST",
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  return { status: response.status, json: (await response.json()) as Record<string, unknown> };
}

describe("discovery", () => {
  it("says what there is", async () => {
    const metadata = portal.serverMetadata();
    expect(metadata.issuer).toBe(issuer);
    expect(metadata.token_endpoint).toBe(`${issuer}/token`);
    expect(metadata.pushed_authorization_request_endpoint).toBe(`${issuer}/request`);
    expect(metadata.dpop_signing_alg_values_supported).toEqual(["ES256"]);
    expect(metadata.token_endpoint_auth_signing_alg_values_supported).toEqual(["ES256", "ES384", "RS384"]);
    const smart = await (await platform.at(0).fetch(`${issuer}/.well-known/smart-configuration`)).json();
    expect(smart).toMatchObject({ token_endpoint: `${issuer}/token`, code_challenge_methods_supported: ["S256"] });
  });
});

describe("signing in at the portal", () => {
  it("a patient by password, code and PKCE and a pushed request; the token is what the services want", async () => {
    const { tokens } = await tokensOf("marie");
    expect(tokens.claims()).toMatchObject({
      name: "Marie Test-Weber",
      fhirUser: `${origin}/fhir/Patient/demo-marie`,
      acr: "urn:dsp:single",
    });
    expect(decodeProtectedHeader(tokens.access_token)).toMatchObject({ typ: "at+jwt", alg: "ES256" });
    expect(decodeJwt(tokens.access_token)).toMatchObject({ aud: "dsp", client_id: "portal", role: "patient", patient: "demo-marie" });
    expect(decodeJwt(tokens.access_token).scope).not.toContain("user/");
    const principal = await platform.at(0).deps.verifier.verify(`Bearer ${tokens.access_token}`);
    expect(principal).toMatchObject({ role: "patient", person: "Patient/demo-marie", patientId: "demo-marie", clientId: "portal" });
  });

  it("a professional with a second factor: signed in at one server, the code redeemed at the other", async () => {
    const asked = await ask(portal);
    const browser = await platform.signIn(platform.browser(), "hoffmann", asked.url);
    const tokens = await redeem(portalAtSecond, browser, asked);
    expect(tokens.claims()).toMatchObject({ acr: "urn:dsp:mfa", fhirUser: `${origin}/fhir/Practitioner/demo-hoffmann` });
    expect(await platform.at(1).deps.verifier.verify(`Bearer ${tokens.access_token}`)).toMatchObject({
      role: "practitioner",
      profession: "physician",
      organizationId: "demo-practice",
      person: "Practitioner/demo-hoffmann",
    });
    const again = await ask(portalAtSecond);
    await browser.go(again.url);
    expect(browser.url.href.startsWith(redirectUri)).toBe(true);
  });

  it("over HTTP/2 and TLS, as the edge comes", async () => {
    const server = await platform.add({}, await makeCertificate(platform.files.root));
    const configuration = await platform.portal(server);
    const asked = await ask(configuration);
    const browser = await platform.signIn(platform.browser("192.0.2.1", server), "marie", asked.url);
    const tokens = await redeem(configuration, browser, asked);
    expect(decodeJwt(tokens.access_token).patient).toBe("demo-marie");
    expect([...server.versions]).toEqual([2]);
  });

  it("an operator gets no scope of any record", async () => {
    const { tokens } = await tokensOf("operator");
    const { role, scope } = decodeJwt<{ role: string; scope: string }>(tokens.access_token);
    expect(role).toBe("operator");
    expect(scope).not.toMatch(/\//);
  });

  it("a guardian chooses the child's record, and is the child's delegate there", async () => {
    const asked = await ask(portal);
    const browser = await platform.signIn(platform.browser(), "emma", asked.url);
    expect(browser.text).toContain("Noah Test-Schmit");
    await browser.submit("patient", { patient: "demo-noah" });
    const tokens = await redeem(portal, browser, asked);
    const principal = await platform.at(0).deps.verifier.verify(`Bearer ${tokens.access_token}`);
    expect(principal).toMatchObject({ role: "patient", person: "Patient/demo-emma", patientId: "demo-noah" });
    const own = await ask(portal, { patient: "demo-emma" });
    await browser.go(own.url);
    expect(decodeJwt((await redeem(portal, browser, own)).access_token).patient).toBe("demo-emma");
    const strange = await ask(portal, { patient: "demo-marie" });
    await browser.go(strange.url);
    await browser.submit("patient", { patient: "demo-marie" });
    expect(browser.text).toContain('id="error"');
    await browser.submit("patient", { patient: "demo-emma" });
    expect(browser.url.searchParams.get("error")).toBe("access_denied");
  });

  it("who is no guardian any more gets no further tokens for the child's record", async () => {
    const asked = await ask(portal, { patient: "demo-noah" });
    const browser = await platform.signIn(platform.browser(), "emma", asked.url);
    const tokens = await redeem(portal, browser, asked);
    await platform.query("UPDATE identity.account SET guardian_of = '[]' WHERE login = 'emma'");
    await expect(client.refreshTokenGrant(portal, tokens.refresh_token ?? "")).rejects.toMatchObject({ error: "invalid_grant" });
  });

  it("a delegate is offered the record of who trusts them, for as long as they do, and nobody else's", async () => {
    platform.delegations = (person) => (person === "Patient/demo-lucas" ? [{ patientId: "demo-marie", name: "Marie Test-Weber" }] : []);
    const asked = await ask(portal);
    const browser = await platform.signIn(platform.browser(), "lucas", asked.url);
    expect(browser.text).toContain("Marie Test-Weber");
    await browser.submit("patient", { patient: "demo-noah" });
    expect(browser.text).toContain('id="error"');
    await browser.submit("patient", { patient: "demo-marie" });
    const tokens = await redeem(portal, browser, asked);
    const principal = await platform.at(0).deps.verifier.verify(`Bearer ${tokens.access_token}`);
    expect(principal).toMatchObject({ role: "patient", person: "Patient/demo-lucas", patientId: "demo-marie" });
    // A record that is away ends nobody's session: it decides itself, once it is back.
    platform.delegations = () => undefined;
    const renewed = await client.refreshTokenGrant(portal, tokens.refresh_token ?? "");
    platform.delegations = () => [];
    await expect(client.refreshTokenGrant(portal, renewed.refresh_token ?? "")).rejects.toMatchObject({ error: "invalid_grant" });
  });

  it("signs in to the own record while the record does not say who trusts whom", async () => {
    platform.delegations = () => undefined;
    const { tokens } = await tokensOf("lucas");
    expect(decodeJwt(tokens.access_token)).toMatchObject({ patient: "demo-lucas" });
    platform.delegations = () => [];
  });

  it("refuses a request without PKCE, and one of another site's address", async () => {
    const common = { redirect_uri: redirectUri, scope: "openid" };
    await expect(client.buildAuthorizationUrlWithPAR(portal, common)).rejects.toMatchObject({ error: "invalid_request" });
    await expect(ask(portal, { redirect_uri: "https://elsewhere.test/" })).rejects.toMatchObject({ error: "invalid_request" });
  });
});

describe("tokens", () => {
  it("a refresh token is good once; its reuse ends the grant", async () => {
    const { tokens } = await tokensOf("lucas");
    const first = tokens.refresh_token ?? "";
    const renewed = await client.refreshTokenGrant(portal, first);
    expect(renewed.refresh_token).not.toBe(first);
    expect(decodeJwt(renewed.access_token)).toMatchObject({ patient: "demo-lucas", role: "patient" });
    await platform.query("UPDATE identity.oidc SET consumed_at = now() - interval '1 minute' WHERE consumed_at IS NOT NULL");
    await expect(client.refreshTokenGrant(portalAtSecond, first)).rejects.toMatchObject({ error: "invalid_grant" });
    await expect(client.refreshTokenGrant(portal, renewed.refresh_token ?? "")).rejects.toMatchObject({ error: "invalid_grant" });
  });

  it("of many that redeem one token at the same moment, exactly one gets an answer, and it stays good", async () => {
    const { tokens } = await tokensOf("lucas");
    const attempts = await Promise.allSettled(
      [portal, portalAtSecond, portal, portalAtSecond].map((each) => client.refreshTokenGrant(each, tokens.refresh_token ?? "")),
    );
    const good = attempts.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
    expect(good).toHaveLength(1);
    expect((await client.refreshTokenGrant(portal, good[0]?.refresh_token ?? "")).access_token).toBeTruthy();
  });

  it("a request that is repeated after its answer was lost gets one; another one with the code does not", async () => {
    const asked = await ask(portal);
    const browser = await platform.signIn(platform.browser(), "marie", asked.url);
    const form = async (key: string, server: number) => {
      const configuration = server === 0 ? portal : portalAtSecond;
      const plain = configuration[client.customFetch] as typeof fetch;
      configuration[client.customFetch] = ((url: string, init: RequestInit) =>
        plain(url, {
          ...init,
          headers: { ...Object.fromEntries(new Headers(init.headers)), "Idempotency-Key": key },
        })) as client.CustomFetch;
      try {
        return (await redeem(configuration, browser, asked)).access_token;
      } finally {
        configuration[client.customFetch] = plain as client.CustomFetch;
      }
    };
    expect(await form("edge-1", 0)).toBeTruthy();
    expect(await form("edge-1", 1)).toBeTruthy();
    await expect(form("edge-2", 1)).rejects.toMatchObject({ error: "invalid_grant" });
  });

  it("a token that its software gave back is good no more", async () => {
    const { tokens } = await tokensOf("lucas");
    await client.tokenRevocation(portal, tokens.refresh_token ?? "");
    await expect(client.refreshTokenGrant(portal, tokens.refresh_token ?? "")).rejects.toMatchObject({ error: "invalid_grant" });
  });

  it("a browser's last step that is repeated after its answer was lost gets a code too", async () => {
    const asked = await ask(portal);
    const browser = await platform.browser().go(asked.url);
    const uid = browser.url.pathname.split("/").at(-1);
    // From now on the browser has all its cookies: the repetition brings the same.
    await browser.submit("password", { login: "marie", password: "wrong" });
    const same = browser.copy();
    await browser.submit("password", { login: "marie", password: platform.files.password });
    expect(browser.url.searchParams.get("code")).toBeTruthy();
    await same.go(`${issuer}/auth/${uid}`);
    expect((await redeem(portal, same, asked)).access_token).toBeTruthy();
    const late = same.copy();
    await platform.query("UPDATE identity.oidc SET expires_at = now() WHERE kind = 'Interaction'");
    expect((await late.go(`${issuer}/auth/${uid}`)).url.searchParams.get("code")).toBeNull();
  });

  it("are bound to the client's key by DPoP, proofs being good once", async () => {
    const handle = client.getDPoPHandle(portal, await client.randomDPoPKeyPair("ES256"));
    const asked = await ask(portal);
    const browser = await platform.signIn(platform.browser(), "marie", asked.url);
    const tokens = await redeem(portal, browser, asked, { DPoP: handle });
    expect(tokens.token_type).toBe("dpop");
    expect(decodeJwt<{ cnf: { jkt: string } }>(tokens.access_token).cnf.jkt).toBe(await handle.calculateThumbprint());
    // A proof that somebody saw on its way is of no use to them.
    const plain = portal[client.customFetch] as typeof fetch;
    let seen = "";
    const withProof = (proof: string) =>
      ((url: string, init: RequestInit) => {
        const headers = Object.fromEntries(new Headers(init.headers));
        seen = headers.dpop ?? "";
        return plain(url, { ...init, headers: { ...headers, ...(proof === "" ? {} : { dpop: proof }) } });
      }) as client.CustomFetch;
    try {
      portal[client.customFetch] = withProof("");
      const renewed = await client.refreshTokenGrant(portal, tokens.refresh_token ?? "", undefined, { DPoP: handle });
      portal[client.customFetch] = withProof(seen);
      const replay = client.refreshTokenGrant(portal, renewed.refresh_token ?? "", undefined, { DPoP: handle });
      await expect(replay).rejects.toMatchObject({ error: "invalid_grant", error_description: expect.stringMatching(/./) });
    } finally {
      portal[client.customFetch] = plain as client.CustomFetch;
    }
  });

  it("of a software that signs by ES384 or RS384 bear its organisation", async () => {
    for (const alg of ["ES384", "RS384"] as const) {
      const key = await newKey(alg, `backend-${alg}`);
      const request = { name: "Test-Praxissoftware", kind: "backend", organization: "demo-practice", jwks: { keys: [key.publicJwk] } };
      const { status, json } = await call("/clients", await adminToken(), request);
      expect(status).toBe(201);
      const backend = await platform.configure(
        String(json.client_id),
        client.PrivateKeyJwt({ key: key.privateKey, kid: `backend-${alg}` }),
      );
      const { access_token } = await client.clientCredentialsGrant(backend, { scope: "system/*.rs patient/*.rs" });
      const principal = await platform.at(0).deps.verifier.verify(`Bearer ${access_token}`);
      expect(principal).toMatchObject({ role: "system", organizationId: "demo-practice", clientId: json.client_id });
      expect(decodeJwt(access_token).scope).toBe("system/*.rs");
      await expect(client.clientCredentialsGrant(backend, { scope: "user/*.rs" })).rejects.toMatchObject({ error: "invalid_scope" });
    }
  });

  it("of the platform's own services bear no organisation; a strange key gets none", async () => {
    const principal = await platform.at(0).deps.verifier.verify(`Bearer ${await adminToken()}`);
    expect(principal).toMatchObject({ role: "system", clientId: "exchange" });
    expect(principal.organizationId).toBeUndefined();
    const strange = await newKey("ES256", "exchange-1");
    const forged = await platform.configure("exchange", client.PrivateKeyJwt({ key: strange.privateKey, kid: "exchange-1" }));
    await expect(client.clientCredentialsGrant(forged, { scope: "system/*.rs" })).rejects.toMatchObject({ error: "invalid_client" });
  });
});

describe("the platform's services", () => {
  it("get their tokens the way all of them ask, and each is recorded", async () => {
    await platform.files.write("exchange-key.json", JSON.stringify(platform.files.exchange.privateJwk));
    const identity = {
      call: async (
        _context: unknown,
        { path, ...init }: { path: string; method: string; headers: Record<string, string>; body: string },
      ) => {
        const response = await platform.at(1).fetch(`${origin}${path}`, init);
        return { status: response.status, body: Buffer.from(await response.arrayBuffer()) };
      },
    } as unknown as ServiceClient;
    const keyFile = platform.files.path("exchange-key.json");
    const token = new ServiceToken({ identity, issuer, clientId: "exchange", keyFile, audience: "dsp", scope: "system/*.cruds" });
    const header = await token.header(backgroundContext(platform.at(0).deps.log, "test", 10_000));
    expect(await platform.at(0).deps.verifier.verify(header)).toMatchObject({ role: "system", clientId: "exchange" });
    const [event] = await platform.query<{ subject: string; resource_id: string }>(
      "SELECT subject, resource_id FROM identity.audit_event WHERE interaction = 'client-token' ORDER BY recorded DESC LIMIT 1",
    );
    expect(event).toEqual({ subject: "exchange", resource_id: "exchange" });
  });
});

describe("registering software", () => {
  it("lists every problem at once", async () => {
    const key = await newKey("ES384", "k");
    const request = { kind: "backend", jwks: { keys: [key.privateJwk, {}] }, redirect_uris: ["http://x.test/#"], colour: "red" };
    const { status, json } = await call("/clients", await adminToken(), request);
    expect(status).toBe(422);
    const where = (json.issue as { expression?: string[] }[]).map((each) => each.expression?.[0]);
    expect(where).toEqual(["colour", "name", "organization", "jwks.keys[0]", "jwks.keys[1]", "redirect_uris[0]", "redirect_uris"]);
  });

  it("is for the exchange and operators only, and done once for a key", async () => {
    const app = { name: "Test-App", kind: "smart-app", redirect_uris: ["https://app.test/back"] };
    const { tokens } = await tokensOf("hoffmann");
    expect((await call("/clients", tokens.access_token, app)).status).toBe(403);
    await platform.forgetUsedCodes();
    const operator = await tokensOf("operator");
    const headers = { "Idempotency-Key": "register-once" };
    const first = await call("/clients", operator.tokens.access_token, app, headers);
    const second = await call("/clients", operator.tokens.access_token, app, headers);
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.json.client_id).toBe(first.json.client_id);
  });
});

describe("SMART App Launch", () => {
  const back = "https://app.test/back";

  async function app(): Promise<client.Configuration> {
    const { json } = await call("/clients", await adminToken(), { name: "Test-App", kind: "smart-app", redirect_uris: [back] });
    return await platform.configure(String(json.client_id), client.None());
  }

  it("standalone: consent in the person's language, and the patient with the token", async () => {
    const configuration = await app();
    const scope = "openid fhirUser launch/patient offline_access patient/Observation.rs patient/*.read user/*.rs system/*.rs";
    const asked = await ask(configuration, { redirect_uri: back, scope, aud: `${origin}/fhir`, ui_locales: "de" });
    const browser = await platform.signIn(platform.browser(), "marie", asked.url);
    expect(browser.text).toContain("Test-App bittet um Zugriff");
    expect(browser.text).toContain("lesen: Observation");
    await browser.submit("consent");
    const tokens = await redeem(configuration, browser, asked);
    expect(tokens.patient).toBe("demo-marie");
    expect(tokens.scope?.split(" ").sort()).toEqual(
      ["fhirUser", "launch/patient", "offline_access", "openid", "patient/*.read", "patient/Observation.rs"].sort(),
    );
    expect((await client.refreshTokenGrant(configuration, tokens.refresh_token ?? "")).patient).toBe("demo-marie");
  });

  it("taken back by the person on the account page", async () => {
    const configuration = await app();
    const scope = "openid launch/patient offline_access patient/*.rs";
    const asked = await ask(configuration, { redirect_uri: back, scope });
    const browser = await platform.signIn(platform.browser(), "marie", asked.url);
    await browser.submit("consent");
    const tokens = await redeem(configuration, browser, asked);
    const own = (await tokensOf("marie")).tokens;
    await browser.go(`${issuer}/account`);
    const clientId = configuration.clientMetadata().client_id;
    const form = browser.forms().find(({ fields }) => fields.client === clientId);
    expect(form?.fields.action).toBe("end-access");
    await browser.post(form?.to ?? "", { ...form?.fields });
    expect(browser.forms().some(({ fields }) => fields.client === clientId)).toBe(false);
    await expect(client.refreshTokenGrant(configuration, tokens.refresh_token ?? "")).rejects.toMatchObject({ error: "invalid_grant" });
    expect((await client.refreshTokenGrant(portal, own.refresh_token ?? "")).access_token).toBeTruthy();
    await browser.go((await ask(configuration, { redirect_uri: back, scope })).url);
    expect(browser.text).toContain('value="consent"');
  });

  it("refused by the person", async () => {
    const configuration = await app();
    const asked = await ask(configuration, { redirect_uri: back, scope: "openid patient/*.rs" });
    const browser = await platform.signIn(platform.browser(), "marie", asked.url);
    await browser.submit("cancel");
    expect(browser.url.searchParams.get("error")).toBe("access_denied");
  });

  it("from the portal: a launch is good once, for the one who asked, and tells the patient", async () => {
    const { browser, tokens } = await tokensOf("hoffmann");
    const made = await call("/launch", tokens.access_token, { patient: "demo-marie" });
    expect(made.status).toBe(201);
    const launch = String(made.json.launch);
    const configuration = await app();
    const parameters = { redirect_uri: back, scope: "openid fhirUser launch patient/*.rs", launch, aud: `${origin}/fhir` };
    const asked = await ask(configuration, parameters);
    await browser.go(asked.url);
    await browser.submit("consent");
    const answer = await redeem(configuration, browser, asked);
    expect(answer.patient).toBe("demo-marie");
    expect(await platform.at(0).deps.verifier.verify(`Bearer ${answer.access_token}`)).toMatchObject({
      role: "practitioner",
      patientId: "demo-marie",
      person: "Practitioner/demo-hoffmann",
    });
    const again = await ask(configuration, parameters);
    await browser.go(again.url);
    await browser.submit("consent");
    expect(browser.url.searchParams.get("error")).toBe("access_denied");
  });

  it("a patient launches for records of the own only, and no software launches by itself", async () => {
    const { tokens } = await tokensOf("marie");
    expect((await call("/launch", tokens.access_token, { patient: "demo-lucas" })).status).toBe(403);
    expect((await call("/launch", await adminToken(), { patient: "demo-lucas" })).status).toBe(403);
  });
});
