import { argon2 } from "node:crypto";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { decodeJwt, decodeProtectedHeader, type JWK } from "jose";
import type * as client from "openid-client";
import { refreshTokenGrant } from "openid-client";
import { TOTP } from "otpauth";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { expire } from "./expire.ts";
import { seed } from "./seed.ts";
import { TestAuthenticator } from "./testing/authenticator.ts";
import { Browser } from "./testing/browser.ts";
import { issuer, newKey, origin } from "./testing/identity.ts";
import { ask, redeem, redirectUri, TestPlatform } from "./testing/platform.ts";

let platform: TestPlatform;
let portal: client.Configuration;

beforeAll(async () => {
  platform = await TestPlatform.start({ standbys: 0 });
  portal = await platform.portal();
});

afterAll(() => platform?.stop());
beforeEach(async () => {
  await platform.forgetUsedCodes();
  await platform.query("DELETE FROM identity.attempt");
});

async function atLogin(browser: Browser): Promise<Browser> {
  return await browser.go((await ask(portal)).url);
}

function signedIn(browser: Browser): boolean {
  return browser.url.href.startsWith(redirectUri) && browser.url.searchParams.has("code");
}

describe("passwords", () => {
  it("guessing is slowed for who guesses; the owner, from a known browser in the same network, is not", async () => {
    const own = platform.browser("198.51.100.7");
    await platform.signIn(own, "lucas", (await ask(portal)).url);
    expect(signedIn(own)).toBe(true);
    const guesser = await atLogin(platform.browser("198.51.100.7"));
    const statuses: number[] = [];
    for (let guess = 0; guess < 8; guess++) {
      await guesser.submit("password", { login: "lucas", password: `wrong ${guess}` });
      statuses.push(guesser.status);
    }
    expect(statuses.slice(0, 5)).toEqual([422, 422, 422, 422, 422]);
    expect(statuses).toContain(429);
    expect(guesser.text).toMatch(/Réessayez|Try again/);
    await guesser.submit("password", { login: "lucas", password: platform.files.password });
    expect(guesser.status).toBe(429);
    // The owner: the known browser at once, and a new one from another network too.
    const url = (await ask(portal, { prompt: "login" })).url;
    await platform.signIn(own, "lucas", url);
    expect(signedIn(own)).toBe(true);
    expect(signedIn(await platform.signIn(platform.browser("203.0.113.9"), "lucas", (await ask(portal)).url))).toBe(true);
    const rows = await platform.query<{ interaction: string }>("SELECT interaction FROM identity.audit_event WHERE interaction = 'lock'");
    expect(rows.length).toBeGreaterThan(0);
  });

  it("says the same for a name nobody has", async () => {
    const known = await atLogin(platform.browser());
    await known.submit("password", { login: "marie", password: "wrong" });
    const unknown = await atLogin(platform.browser());
    await unknown.submit("password", { login: "nobody-here", password: "wrong" });
    const text = (browser: Browser): string => /role="alert"[^>]*>([^<]*)/.exec(browser.text)?.[1] ?? "";
    expect(text(unknown)).toBe(text(known));
    expect(text(unknown)).not.toBe("");
  });

  it("one that was kept without the platform's key is kept anew when its owner signs in", async () => {
    const work = { memory: 19_456, passes: 2, parallelism: 1, tagLength: 32, nonce: Buffer.alloc(16, 1) };
    const tag = await promisify(argon2)("argon2id", { ...work, message: platform.files.password });
    const [salt, hash] = [work.nonce, Buffer.from(tag)].map((bytes) => bytes.toString("base64").replace(/=+$/, ""));
    await platform.query("UPDATE identity.account SET password_hash = $1 WHERE login = 'marie'", [
      `$argon2id$v=19$m=19456,t=2,p=1$${salt}$${hash}`,
    ]);
    const isKept = async () =>
      await platform.query("SELECT 1 FROM identity.account WHERE login = 'marie' AND password_hash LIKE '%,keyid=%'");
    for (const _ of ["before", "after"]) {
      expect(signedIn(await platform.signIn(platform.browser(), "marie", (await ask(portal)).url))).toBe(true);
      expect(await isKept()).toHaveLength(1);
    }
  });

  it("many guesses at once are counted all", async () => {
    const browser = await atLogin(platform.browser("198.51.100.8"));
    const guesses = await Promise.all(
      Array.from({ length: 12 }, async (_, index) =>
        (await browser.copy().go(browser.url)).submit("password", { login: "marie", password: `${index}` }),
      ),
    );
    expect(guesses.filter(({ status }) => status === 422).length).toBeLessThanOrEqual(5);
  });
});

describe("one-time codes", () => {
  it("are good once", async () => {
    const code = platform.code("lentz");
    const first = await atLogin(platform.browser());
    await first.submit("password", { login: "lentz", password: platform.files.password });
    await first.submit("code", { code });
    expect(signedIn(first)).toBe(true);
    const second = await atLogin(platform.browser());
    await second.submit("password", { login: "lentz", password: platform.files.password });
    await second.submit("code", { code });
    expect(second.status).toBe(422);
    expect(second.text).toContain('aria-invalid="true"');
  });

  it("a professional without a second factor sets one up first, and gets recovery codes that are good once", async () => {
    await platform.query("UPDATE identity.account SET totp_secret = NULL WHERE login = 'reuter'");
    const browser = await atLogin(platform.browser());
    await browser.submit("password", { login: "reuter", password: platform.files.password });
    const key = offeredKey(browser);
    expect(key).toHaveLength(32);
    await browser.submit("enrol", { code: "000000" });
    expect(browser.status).toBe(422);
    await browser.submit("enrol", { code: new TOTP({ secret: key }).generate() });
    const recovery = [...browser.text.matchAll(/<code>([a-z0-9-]+)<\/code>/g)].map(([, code = ""]) => code);
    expect(recovery).toHaveLength(8);
    await browser.submit("continue");
    expect(signedIn(browser)).toBe(true);
    for (const [status, where] of [
      [true, "first"],
      [false, "again"],
    ] as const) {
      const next = await atLogin(platform.browser());
      await next.submit("password", { login: "reuter", password: platform.files.password });
      await next.submit("recovery", { recovery: recovery[0]?.toUpperCase() ?? "" });
      expect(signedIn(next), where).toBe(status);
    }
  });
});

describe("the own account", () => {
  it("a passkey is added there and signs in without a name and as two factors", async () => {
    const browser = await platform.browser().go(`${issuer}/account`);
    await browser.submit("password", { login: "faber", password: platform.files.password });
    await browser.submit("code", { code: platform.code("faber") });
    expect(browser.url.pathname).toBe("/identity/account");
    const authenticator = new TestAuthenticator(origin);
    const options = browser.forms().find(({ fields }) => fields.action === "passkey")?.options ?? "";
    await browser.submit("passkey", { credential: authenticator.create(options), label: "Test-Schlüssel" });
    expect(browser.text).toContain("Test-Schlüssel");
    const asked = await ask(portal);
    const other = await platform.browser().go(asked.url);
    const challenge = other.forms().find(({ fields }) => fields.action === "passkey")?.options ?? "";
    const answer = authenticator.get(challenge);
    const stolen = await platform.browser().go((await ask(portal)).url);
    await stolen.submit("passkey", { credential: answer });
    expect(stolen.status).toBe(422);
    await other.submit("passkey", { credential: answer });
    expect(signedIn(other)).toBe(true);
    const tokens = await redeem(portal, other, asked);
    expect(tokens.claims()).toMatchObject({ acr: "urn:dsp:mfa", fhirUser: `${origin}/fhir/Practitioner/demo-faber` });
  });

  it("a new password ends other sessions; forms of other sites are not taken", async () => {
    const other = await platform.signIn(platform.browser(), "marie", (await ask(portal)).url);
    const tokens = other.url;
    const browser = await platform.signIn(platform.browser(), "marie", new URL(`${issuer}/account`));
    expect(browser.text).toContain("Marie Test-Weber");
    expect(browser.text.match(/Firefox, Linux/g)?.length).toBeGreaterThanOrEqual(2);
    const changed = "Test-Satz mit vielen Wörtern";
    await browser.post(`${issuer}/account`, { action: "password", present: platform.files.password, wanted: changed, form: "forged" });
    await browser.go(`${issuer}/account`);
    await browser.submit("password", { present: "wrong", wanted: changed });
    expect(browser.status).toBe(422);
    const refused = ["elevensigns", "x".repeat(129), "password1234", `Marie ${changed}`];
    for (const wanted of refused) {
      await browser.submit("password", { present: platform.files.password, wanted });
      expect(browser.status, wanted).toBe(422);
    }
    await browser.submit("password", { present: platform.files.password, wanted: changed });
    expect(browser.status).toBe(200);
    expect(tokens.searchParams.has("code")).toBe(true);
    await other.go((await ask(portal)).url);
    expect(other.forms().some(({ fields }) => fields.action === "password")).toBe(true);
    expect((await seed(platform.at(0).deps, platform.files.password)).written).toBe(1);
  });

  it("tells what changed in how the person signs in, once to every session but the one that did it", async () => {
    await platform.query("DELETE FROM identity.account_news");
    const told = async (): Promise<unknown> => (await idTokenOf("lucas")).account_news;
    const account = new URL(`${issuer}/account?lang=en`);
    const doer = await platform.signIn(platform.browser(), "lucas", account);
    await doer.go(account);
    expect(doer.text).toContain("first sign-in with a browser (Firefox, Linux)");
    const silent = new Browser(platform.at(0).fetch, { "X-Forwarded-For": "192.0.2.44" });
    await (await platform.signIn(silent, "lucas", account)).go(account);
    expect(silent.text).toContain("first sign-in with a browser (Unknown device)");
    // A new browser is listed and not announced.
    expect(await told()).toBeUndefined();
    await doer.submit("totp", { code: new TOTP({ secret: offeredKey(doer) }).generate() });
    expect(doer.text).toMatch(/<strong>New<\/strong> [^<]*authenticator app added/);
    await doer.submit("remove-totp");
    // The session that did it looks again: that does not count as seen.
    await doer.go(account);
    expect(await told()).toBe(true);
    const owner = await platform.signIn(platform.browser(), "lucas", account);
    expect(owner.text).toMatch(/<strong>[^<]+<\/strong> [^<]*\(Firefox, Linux\)/);
    expect(await told()).toBeUndefined();
    await owner.go(account);
    expect(owner.text).toContain("authenticator app removed");
    expect(owner.text).not.toMatch(/<strong>New<\/strong> [^<]*authenticator app/);
  });

  it("tells of a one-time code that somebody gives a second time", async () => {
    await platform.query("DELETE FROM identity.account_news");
    const code = platform.code("faber");
    for (const browser of [platform.browser(), platform.browser()]) {
      await atLogin(browser);
      await browser.submit("password", { login: "faber", password: platform.files.password });
      await browser.submit("code", { code });
    }
    const rows = await platform.query<{ what: string }>("SELECT what FROM identity.account_news WHERE what = 'code-reused'");
    expect(rows).toHaveLength(1);
  });

  it("signing out at the portal ends the session and its tokens", async () => {
    const asked = await ask(portal);
    const browser = await platform.signIn(platform.browser(), "marie", asked.url);
    const tokens = await redeem(portal, browser, asked);
    const end = new URL(`${issuer}/session/end`);
    end.searchParams.set("id_token_hint", tokens.id_token ?? "");
    end.searchParams.set("post_logout_redirect_uri", `${origin}/portal/`);
    await browser.go(end);
    const form = browser.forms()[0];
    await browser.post(form?.to ?? "", { ...form?.fields, logout: "yes" });
    expect(browser.url.href).toBe(`${origin}/portal/`);
    await expect(refreshTokenGrant(portal, tokens.refresh_token ?? "")).rejects.toMatchObject({ error: "invalid_grant" });
    const [event] = await platform.query<{ subject: string }>(
      "SELECT subject FROM identity.audit_event WHERE interaction = 'logout' ORDER BY recorded DESC LIMIT 1",
    );
    const [account] = await platform.query<{ id: string }>("SELECT id FROM identity.account WHERE login = 'marie'");
    expect(event?.subject).toBe(account?.id);
  });
});

describe("the pages", () => {
  it("speak the person's language, are bound to the service's own style and script, and take no form without its token", async () => {
    const browser = await platform.browser().go((await ask(portal, { ui_locales: "en" })).url);
    expect(browser.text).toContain('<html lang="en">');
    expect(browser.text).toContain('<label for="password">Password</label>');
    expect(browser.responseHeaders.get("Content-Security-Policy")).toContain("default-src 'none'");
    expect(browser.text).not.toMatch(/<script>|style="|onclick/);
    const here = browser.url;
    await browser.go(`${here.pathname}?lang=de`);
    expect(browser.text).toContain("Anmelden");
    await browser.post(here.pathname, { action: "password", login: "marie", password: platform.files.password, form: "x" });
    expect(browser.status).toBe(400);
    const stranger = await platform.browser().go(here);
    expect(stranger.status).toBe(400);
  });
});

describe("signing keys", () => {
  it("a new key signs only when everybody knows it, and no token is refused meanwhile", async () => {
    const old = JSON.parse(await readFile(platform.files.path("signing-keys.json"), "utf8")) as { keys: JWK[] };
    const next = await newKey("ES256", "key-2");
    const nowS = Math.floor(Date.now() / 1000);
    const dated = (issuedAt: number): JWK => Object.assign({}, next.privateJwk, { issuedAt });
    const keys = [dated(nowS), ...old.keys];
    await platform.files.writeKeys(keys, { publish: false });
    await sleep(1500);
    const published = (await (await platform.at(0).fetch(`${issuer}/jwks`)).json()) as { keys: { kid: string; d?: string }[] };
    expect(published.keys.map(({ kid }) => kid).sort()).toEqual(["key-1", "key-2"]);
    expect(published.keys.every((key) => !("d" in key))).toBe(true);
    const before = await tokenOf("marie");
    expect(decodeProtectedHeader(before).kid).toBe("key-1");
    await platform.at(0).deps.verifier.verify(`Bearer ${before}`);
    await platform.files.publish(keys);
    await platform.files.writeKeys([dated(nowS - 301), ...old.keys]);
    await sleep(1500);
    const after = await tokenOf("marie");
    expect(decodeProtectedHeader(after).kid).toBe("key-2");
    await platform.at(0).deps.verifier.verify(`Bearer ${after}`);
    await platform.at(0).deps.verifier.verify(`Bearer ${before}`);
  });
});

async function tokensOf(login: string): Promise<client.TokenEndpointResponse> {
  const asked = await ask(portal);
  const browser = await platform.signIn(platform.browser(), login, asked.url);
  return await redeem(portal, browser, asked);
}

async function tokenOf(login: string): Promise<string> {
  return (await tokensOf(login)).access_token;
}

async function idTokenOf(login: string): Promise<Record<string, unknown>> {
  return decodeJwt((await tokensOf(login)).id_token ?? "");
}

/** The secret of one-time codes that a page offers. */
function offeredKey(browser: Browser): string {
  return /class="key">([A-Z2-7 ]+)</.exec(browser.text)?.[1]?.replaceAll(" ", "") ?? "";
}

describe("what is kept and told", () => {
  it("logs hold no password, code, token or name; the database no session, code or token", async () => {
    const asked = await ask(portal);
    const browser = await platform.signIn(platform.browser(), "marie", asked.url);
    const code = browser.url.searchParams.get("code") ?? "";
    const tokens = await redeem(portal, browser, asked);
    const cookie = browser.cookie("identity_session") ?? "";
    const secrets = [platform.files.password, code, tokens.access_token, tokens.refresh_token ?? "", tokens.id_token ?? "", cookie];
    expect(secrets.every((secret) => secret.length > 10)).toBe(true);
    const logs = platform.at(0).logs.join("\n");
    expect(logs).toContain('"msg":"request"');
    for (const secret of [...secrets, "marie", "hoffmann", "Test-Weber", "demo-marie"]) expect(logs).not.toContain(secret);
    expect(logs).not.toMatch(/\binteraction\/[A-Za-z0-9_-]{15}/);
    const rows = await platform.query<{ row: string }>("SELECT row_to_json(o)::text AS row FROM identity.oidc o");
    const kept = rows.map(({ row }) => row).join("\n");
    for (const secret of secrets) expect(kept).not.toContain(secret);
  });

  it("records who signed in, and who failed, in the chain", async () => {
    const rows = await platform.query<{ interaction: string; outcome: string; content: string }>(
      "SELECT interaction, outcome, content FROM identity.audit_event WHERE interaction IN ('login', 'credentials')",
    );
    expect(rows.some(({ interaction, outcome }) => interaction === "login" && outcome === "0")).toBe(true);
    expect(rows.some(({ interaction, outcome }) => interaction === "login" && outcome === "8")).toBe(true);
    expect(rows.some(({ interaction }) => interaction === "credentials")).toBe(true);
    expect(JSON.parse(rows.find(({ interaction }) => interaction === "login")?.content ?? "{}")).toMatchObject({
      type: { code: "110114" },
      subtype: [{ code: "110122" }],
    });
  });

  it("what has ended is deleted", async () => {
    await platform.query("UPDATE identity.oidc SET expires_at = now() - interval '1 hour' WHERE kind = 'PushedAuthorizationRequest'");
    expect(await expire(platform.at(0).deps)).toBeGreaterThan(0);
    expect(await platform.query("SELECT FROM identity.oidc WHERE kind = 'PushedAuthorizationRequest'")).toHaveLength(0);
  });

  it("the token of the seed's accounts tells nothing but what it must", async () => {
    const claims = decodeJwt(await tokenOf("marie"));
    const names = ["aud", "client_id", "exp", "fhirUser", "iat", "iss", "jti", "name", "patient", "role", "scope", "sub"];
    expect(Object.keys(claims).sort()).toEqual(names);
  });
});
