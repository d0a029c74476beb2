import type * as client from "openid-client";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { totpCode } from "../account/totp.ts";
import type { Browser } from "../testing/browser.ts";
import { issuer } from "../testing/identity.ts";
import { ask, redeem, redirectUri, TestPlatform } from "../testing/platform.ts";

let platform: TestPlatform;
let portal: client.Configuration;
let operator: string;

beforeAll(async () => {
  platform = await TestPlatform.start({ standbys: 0 });
  portal = await platform.portal();
  operator = await tokenOf("operator");
});

afterAll(() => platform?.stop());
beforeEach(async () => {
  await platform.forgetUsedCodes();
  await platform.query("DELETE FROM identity.attempt");
});

async function tokenOf(login: string): Promise<string> {
  const asked = await ask(portal);
  const browser = await platform.signIn(platform.browser(), login, asked.url);
  return (await redeem(portal, browser, asked)).access_token;
}

interface Seen {
  id: string;
  name: string;
  password?: { codes: number; operators: number };
  secondFactor: { app: boolean; recoveryCodes: number; resetUntil?: string };
  waits: { count: number; until?: string };
  sessions: number;
}

async function desk<T>(
  path: string,
  body?: unknown,
  { token = operator, key = crypto.randomUUID() as string } = {},
): Promise<{ status: number; json: T }> {
  const response = await platform.at(0).fetch(`${issuer}/service-desk${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json", "Idempotency-Key": key },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, json: (await response.json()) as T };
}

const seen = async (login: string): Promise<Seen> => (await desk<Seen>("/lookups", { login })).json;
const reason = { reason: "Test: called, identified by the practice" };

async function password(login: string, network: string, given = platform.files.password): Promise<Browser> {
  const browser = await platform.browser(network).go((await ask(portal)).url);
  await browser.submit("password", { login, password: given });
  return browser;
}

const newPassword = "vier Steine neben kaltem Fluss";

/** Shows codes of the service desk in place of the password. */
async function forgotten(login: string, network: string, [desk = "", desk2 = ""]: readonly string[]): Promise<Browser> {
  const browser = await platform.browser(network).go((await ask(portal)).url);
  await browser.submit("forgotten", { owner: login, desk, desk2 });
  return browser;
}

/** The secret that the page of a new second factor shows. */
function secretOf({ text }: Browser): Buffer {
  const shown = (/class="key">([A-Z2-7 ]+)</.exec(text)?.[1] ?? "").replaceAll(" ", "");
  const bits = [...shown].map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0")).join("");
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}

describe("the service desk", () => {
  it("is for operators alone, finds one account by its exact name, and shows no secret and no record", async () => {
    for (const login of ["marie", "hoffmann"]) {
      const token = await tokenOf(login);
      expect((await desk("/lookups", { login: "marie" }, { token })).status).toBe(403);
      expect((await desk("/actions", undefined, { token })).status).toBe(403);
    }
    const { status, json } = await desk<Seen>("/lookups", { login: " Hoffmann " });
    expect([status, json]).toMatchObject([
      200,
      { name: "Claire Test-Hoffmann", role: "practitioner", secondFactor: { app: true }, waits: { count: 0 } },
    ]);
    expect(JSON.stringify(json)).not.toMatch(/secret|hash|demo-hoffmann|patient/);
    for (const login of ["hoff", "%", "nobody"]) expect((await desk("/lookups", { login })).status).toBe(404);
    expect((await desk("/lookups", { login: "" })).status).toBe(400);
    const [refused] = await platform.query<{ count: number }>(
      "SELECT count(*)::int AS count FROM identity.audit_event WHERE outcome = '8' AND interaction = 'operation' AND resource_type = 'Person'",
    );
    expect(refused?.count).toBe(4);
  });

  it("ends the waiting after wrong attempts, with a reason, and lets nobody in", async () => {
    for (let guess = 0; guess < 6; guess++) await password("lucas", "198.51.100.7", `wrong ${guess}`);
    expect((await password("lucas", "198.51.100.7")).status).toBe(429);
    const account = await seen("lucas");
    expect(account.waits).toMatchObject({ count: 1, until: expect.any(String) });
    expect((await desk(`/accounts/${account.id}/unlock`, { reason: "short" })).status).toBe(400);
    expect((await desk(`/accounts/${account.id}/unlock`, reason)).status).toBe(200);
    expect((await seen("lucas")).waits).toEqual({ count: 0 });
    expect((await password("lucas", "198.51.100.7", "still wrong")).status).toBe(422);
    expect((await password("lucas", "198.51.100.7")).url.href).toContain(redirectUri);
    expect((await desk(`/accounts/${crypto.randomUUID()}/unlock`, reason)).status).toBe(404);
  });

  it("takes away a second factor: sessions end, and a new one wants password and code together, once", async () => {
    const before = await platform.signIn(platform.browser("192.0.2.9"), "reuter", (await ask(portal)).url);
    expect(before.url.href).toContain(redirectUri);
    const { id, sessions } = await seen("reuter");
    expect(sessions).toBe(1);
    const key = crypto.randomUUID();
    const first = await desk<{ code: string; hours: number }>(`/accounts/${id}/reset-factor`, reason, { key });
    const { code } = first.json;
    expect(code).toMatch(/^[a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4}$/);
    // The answer was lost: the same request gives the same code.
    expect((await desk(`/accounts/${id}/reset-factor`, reason, { key })).json).toEqual(first.json);
    expect(await seen("reuter")).toMatchObject({
      sessions: 0,
      secondFactor: { app: false, recoveryCodes: 0, resetUntil: expect.any(String) },
    });
    const browser = await password("reuter", "192.0.2.10");
    const secret = secretOf(browser);
    for (const wrong of ["", "abcd-efgh-jkmn"]) {
      await browser.submit("enrol", { code: totpCode(secret, Date.now()), desk: wrong });
      expect([browser.status, browser.url.href.includes(redirectUri)]).toEqual([422, false]);
    }
    await browser.submit("enrol", { code: totpCode(secret, Date.now()), desk: code.toUpperCase() });
    expect(browser.text).toMatch(/recovery codes|codes de secours|Wiederherstellungscodes/);
    await browser.submit("continue", {});
    expect(browser.url.href).toContain(redirectUri);
    expect((await seen("reuter")).secondFactor).toMatchObject({ app: true, recoveryCodes: 8 });
    expect((await seen("reuter")).secondFactor.resetUntil).toBeUndefined();
  });

  it("a patient's too: the password alone no longer signs in, and a code that is over does not help", async () => {
    const { id } = await seen("marie");
    const { json } = await desk<{ code: string }>(`/accounts/${id}/reset-factor`, reason);
    const browser = await password("marie", "192.0.2.11");
    expect(browser.url.href).not.toContain(redirectUri);
    await platform.query("UPDATE identity.account SET reset_expires_at = now() - interval '1 s' WHERE login = 'marie'");
    await browser.submit("enrol", { code: totpCode(secretOf(browser), Date.now()), desk: json.code });
    expect([browser.status, browser.url.href.includes(redirectUri)]).toEqual([422, false]);
  });

  it("gives a code for a forgotten password: with the second factor it makes a new one, once; until then nothing changes", async () => {
    const old = await platform.signIn(platform.browser("192.0.2.20"), "faber", (await ask(portal)).url);
    expect(old.url.href).toContain(redirectUri);
    const account = await seen("faber");
    expect(account.password).toEqual({ codes: 0, operators: 1 });
    const key = crypto.randomUUID();
    const first = await desk<{ code: string; operators: number }>(`/accounts/${account.id}/reset-password`, reason, { key });
    expect(first.json).toMatchObject({ code: expect.stringMatching(/^[a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4}$/), hours: 24, operators: 1 });
    expect((await desk(`/accounts/${account.id}/reset-password`, reason, { key })).json).toEqual(first.json);
    expect(await seen("faber")).toMatchObject({
      sessions: account.sessions,
      password: { codes: 1, operators: 1 },
      secondFactor: { app: true },
    });
    const browser = await forgotten("faber", "192.0.2.21", [first.json.code]);
    expect(await browser.submit("code", { code: "000000" })).toMatchObject({ status: 422 });
    await platform.forgetUsedCodes();
    await browser.submit("code", { code: platform.code("faber") });
    for (const wanted of ["short", "faber has a password", "password1234"]) {
      await browser.submit("renew", { wanted });
      expect([browser.status, browser.url.href.includes(redirectUri)]).toEqual([422, false]);
    }
    await browser.submit("renew", { wanted: newPassword });
    expect(browser.url.href).toContain(redirectUri);
    expect(await seen("faber")).toMatchObject({ sessions: 1, password: { codes: 0 } });
    expect((await password("faber", "192.0.2.22")).status).toBe(422);
    expect((await password("faber", "192.0.2.22", newPassword)).text).toContain('value="code"');
    expect((await forgotten("faber", "192.0.2.23", [first.json.code])).status).toBe(422);
    const news = await platform.query<{ what: string; device: string | null }>(
      "SELECT what, device FROM identity.account_news WHERE account_id = $1 AND what LIKE 'password%' ORDER BY id",
      [account.id],
    );
    expect(news).toEqual([
      { what: "password-code", device: null },
      { what: "password", device: expect.stringContaining("Firefox") },
    ]);
  });

  it("takes the codes of two operators where there is no second factor, and each guess counts like one at the password", async () => {
    const second = await tokenOf("wagner");
    const { id, password: before } = await seen("lucas");
    expect(before).toEqual({ codes: 0, operators: 2 });
    const give = async (token?: string): Promise<string> =>
      (await desk<{ code: string }>(`/accounts/${id}/reset-password`, reason, token === undefined ? {} : { token })).json.code;
    const [dropped, one] = [await give(), await give()];
    // Neither alone, nor twice the same, nor an earlier one of the same operator.
    for (const codes of [[one], [one, one], [one, dropped]]) expect((await forgotten("lucas", "192.0.2.24", codes)).status).toBe(422);
    const two = await give(second);
    expect((await seen("lucas")).password).toEqual({ codes: 2, operators: 2 });
    const browser = await forgotten("lucas", "192.0.2.25", [two.toUpperCase(), one.replaceAll("-", " ")]);
    await browser.submit("renew", { wanted: newPassword });
    expect(browser.url.href).toContain(redirectUri);
    expect((await forgotten("nobody", "192.0.2.26", [one, two])).status).toBe(422);
    for (let guess = 0; guess < 5; guess++) await forgotten("marie", "192.0.2.27", ["abcd-efgh-jkmn"]);
    expect((await forgotten("marie", "192.0.2.27", ["abcd-efgh-jkmn"])).status).toBe(429);
    expect((await password("marie", "192.0.2.27")).status).toBe(429);
  });

  it("a code that is over, or whose account lost its second factor since, does not help", async () => {
    const { id } = await seen("lentz");
    const give = async (): Promise<string> => (await desk<{ code: string }>(`/accounts/${id}/reset-password`, reason)).json.code;
    const late = await give();
    await platform.query("UPDATE identity.password_code SET expires_at = now() - interval '1 s'");
    expect((await forgotten("lentz", "192.0.2.28", [late])).status).toBe(422);
    const code = await give();
    const begun = await forgotten("lentz", "192.0.2.29", [code]);
    expect(begun.text).toContain('value="code"');
    const factor = await desk<{ code: string }>(`/accounts/${id}/reset-factor`, reason);
    // One operator has both codes now, and gets in with neither.
    await begun.submit("code", { code: platform.code("lentz") });
    expect(begun.url.href).not.toContain(redirectUri);
    expect((await forgotten("lentz", "192.0.2.30", [code, factor.json.code])).status).toBe(422);
  });

  it("nobody resets the own account", async () => {
    const { id } = await seen("operator");
    expect((await desk(`/accounts/${id}/reset-password`, reason)).status).toBe(403);
    expect((await desk(`/accounts/${id}/reset-factor`, reason)).status).toBe(403);
    expect((await seen("operator")).secondFactor.app).toBe(true);
  });

  it("shows what was done and why, by whom; the chain has it too, and nobody changes it", async () => {
    interface Action {
      action: string;
      login?: string;
      reason?: string;
      operatorName?: string;
    }
    const { json } = await desk<{ actions: Action[] }>("/actions");
    const done = json.actions.filter(({ action }) => action !== "look").map(({ action, login }) => `${action} ${login}`);
    expect(done).toEqual([
      ...["reset-factor lentz", "reset-password lentz", "reset-password lentz", "reset-password lucas", "reset-password lucas"],
      ...["reset-password lucas", "reset-password faber", "reset-factor marie", "reset-factor reuter", "unlock lucas"],
    ]);
    expect(json.actions.find(({ action }) => action === "unlock")).toMatchObject({ ...reason, operatorName: "Max Test-Betrieb" });
    expect(json.actions.some(({ action, login }) => action === "look" && login === undefined)).toBe(true);
    const rows = await platform.query<{ content: string }>("SELECT content FROM identity.audit_event WHERE content LIKE '%HSYSADMIN%'");
    expect(
      rows.map(({ content }) => (JSON.parse(content) as { purposeOfEvent: { text: string }[] }).purposeOfEvent[0]?.text).toSorted(),
    ).toEqual(done.map((each) => `${each.split(" ")[0]}: ${reason.reason}`).toSorted());
    await expect(platform.query("DELETE FROM identity.desk_action")).rejects.toThrow("only ever added");
    for (const secret of ["Test: called", "nobody"]) expect(platform.at(0).logs.join("\n")).not.toContain(secret);
  });
});
