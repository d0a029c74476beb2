import { createHmac } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BrowserSession } from "../../testing/browser-session.ts";
import { IdentityProcess } from "../../testing/identity-process.ts";
import type { Person } from "../../testing/test-identity.ts";
import { hoffmann, marie, operator, startTestPortal, type TestPortal } from "../../testing/test-portal.ts";

let portal: TestPortal;
let identity: IdentityProcess;

beforeAll(async () => {
  portal = await startTestPortal();
  identity = await IdentityProcess.start(portal.postgres, portal.identity);
  portal.identity.desk = identity.port;
}, 120_000);

afterAll(async () => {
  await identity?.stop();
  await portal?.stop();
});

const path = "/portal/operator/service-desk";

async function signedIn(person: Person = operator): Promise<BrowserSession> {
  portal.identity.person = person;
  const session = new BrowserSession(portal.origin);
  await session.open("/portal/sign-in");
  return session;
}

async function sql<Row extends object>(text: string): Promise<Row[]> {
  return await portal.postgres.query<Row>(portal.postgres.at(0), text);
}

describe("the service desk", () => {
  it("is for nobody else", async () => {
    for (const person of [marie, hoffmann]) expect((await (await signedIn(person)).open(path)).status).toBe(403);
  });

  it("finds one account by its exact name, says so when there is none, and shows both looks", async () => {
    const session = await signedIn();
    const desk = await session.open(path);
    expect((await session.submit(desk.text, path, { login: "" })).text).toContain("Enter the user name.");
    const nobody = await session.submit(desk.text, path, { login: "hoff" });
    expect([nobody.status, nobody.text.includes("No account has this user name")]).toEqual([422, true]);
    const account = await session.submit(desk.text, path, { login: "Hoffmann" });
    expect(account.path).toMatch(/^\/portal\/operator\/service-desk\/[0-9a-f-]{36}$/);
    expect(account.text).toMatch(
      /Claire Test-Hoffmann[\s\S]*hoffmann[\s\S]*professional[\s\S]*authenticator app[\s\S]*Nothing has to wait/,
    );
    expect(account.text).not.toContain("Patient/");
    expect((await session.open(path)).text).toMatch(/Looked up: hoffmann[\s\S]*Max Test-Betrieb[\s\S]*Looked up: nobody/);
    expect((await session.open(`${path}/${crypto.randomUUID()}`)).status).toBe(404);
  });

  it("ends a waiting, for a reason that is kept", async () => {
    const session = await signedIn();
    const desk = await session.open(path);
    const account = await session.submit(desk.text, path, { login: "lucas" });
    // As identity counts them (services/identity/account/throttle.ts), under its own key.
    const subject = createHmac("sha256", "test-cookie-key-0123456789-0123456789").update(JSON.stringify(["attempt", "login:lucas"]));
    await sql(
      `INSERT INTO identity.attempt VALUES ('pair:${subject.digest("base64url")}:192.0.2.1', 9, now(), 'x', now() + interval '8 min')`,
    );
    const waiting = await session.open(account.path);
    const action = `${account.path}/unlock`;
    const short = await session.submit(waiting.text, action, { unlockReason: "short" });
    expect([short.status, short.text.includes("Say in 10 to 500 characters why"), short.text.includes(">\nshort</textarea>")]).toEqual([
      422,
      true,
      true,
    ]);
    const done = await session.submit(waiting.text, action, { unlockReason: "Test: called from the practice" });
    expect(done.path).toBe(`${account.path}?done=unlocked`);
    expect(done.text).toMatch(/The waiting is over[\s\S]*Nothing has to wait/);
    expect((await session.open(path)).text).toMatch(/Waiting ended: lucas[\s\S]*Test: called from the practice/);
  });

  it("resets a second factor for somebody who was identified, gives the code once, and the same for the same form", async () => {
    const session = await signedIn();
    const account = await session.submit((await session.open(path)).text, path, { login: "reuter" });
    const action = `${account.path}/reset`;
    const reason = { resetReason: "Test: telephone lost, called back at the hospital" };
    const unsure = await session.submit(account.text, action, reason);
    expect([unsure.status, unsure.text.includes("Make sure who it is first")]).toEqual([422, true]);
    expect((await sql("SELECT FROM identity.account WHERE login = 'reuter' AND totp_secret IS NOT NULL")).length).toBe(1);
    const codeOf = (text: string): string | undefined => /<code>([a-z2-9-]{14})<\/code>/.exec(text)?.[1];
    const sent = { ...reason, identified: "yes" };
    const [first, again] = [await session.submit(account.text, action, sent), await session.submit(account.text, action, sent)];
    expect(first.text).toContain("Sonja Test-Reuter");
    expect([codeOf(first.text) !== undefined, codeOf(again.text)]).toEqual([true, codeOf(first.text)]);
    expect(
      (await sql("SELECT FROM identity.account WHERE login = 'reuter' AND totp_secret IS NULL AND reset_digest IS NOT NULL")).length,
    ).toBe(1);
    expect(await sql("SELECT FROM identity.desk_action WHERE action = 'reset-factor'")).toHaveLength(1);
    expect((await session.open(account.path)).text).not.toContain(codeOf(first.text) ?? "?");
    const [row] = await sql<{ content: string }>("SELECT content FROM identity.audit_event WHERE content LIKE '%HSYSADMIN%reset-factor%'");
    expect(JSON.parse(row?.content ?? "{}")).toMatchObject({ agent: [{ who: { identifier: { value: "operator" } } }, {}] });
  });

  it("gives a code for a forgotten password, and says when another operator has to give one too", async () => {
    const session = await signedIn();
    const codeOf = (text: string): string | undefined => /<code>([a-z2-9-]{14})<\/code>/.exec(text)?.[1];
    for (const [login, said] of [
      ["hoffmann", "of no use without the second factor"],
      ["emma", "another operator has to give a second code"],
    ] as const) {
      const account = await session.submit((await session.open(path)).text, path, { login });
      const action = `${account.path}/password`;
      const reason = { passwordReason: "Test: was here with an identity card" };
      const unsure = await session.submit(account.text, action, reason);
      expect([unsure.status, unsure.text.includes("Make sure who it is first"), unsure.text.includes("identity card</textarea>")]).toEqual([
        ...[422, true, true],
      ]);
      const given = await session.submit(account.text, action, { ...reason, passwordIdentified: "yes" });
      expect([codeOf(given.text) !== undefined, given.text.includes(said)]).toEqual([true, true]);
      expect((await session.open(account.path)).text).toContain(login === "emma" ? "1 of 2 given out" : "1 of 1 given out");
    }
    expect((await session.open(path)).text).toContain("Code for a forgotten password: emma");
  });
});
