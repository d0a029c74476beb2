import { afterAll, beforeAll, expect, it } from "vitest";
import { Browser } from "../testing/browser.ts";
import { issuer, type TestIdentity } from "../testing/identity.ts";
import { OutsideProvider } from "../testing/outside-provider.ts";
import { ask, redeem, redirectUri, TestPlatform } from "../testing/platform.ts";

let platform: TestPlatform;
let outside: OutsideProvider;
let server: TestIdentity;

beforeAll(async () => {
  outside = await OutsideProvider.start(`${issuer}/upstream`);
  platform = await TestPlatform.start({ standbys: 0 });
  await platform.files.write("upstream-secret", "test-secret\n");
  server = await platform.add({
    UPSTREAM_ISSUER: outside.issuer,
    UPSTREAM_CLIENT_ID: "dsp",
    UPSTREAM_CLIENT_SECRET_FILE: platform.files.path("upstream-secret"),
    UPSTREAM_NAME: "Test-eID",
  });
});

afterAll(async () => {
  await platform?.stop();
  outside?.stop();
});

/** Goes from the sign-in page to the outside provider and back. */
async function signInOutside(browser: Browser, login: string): Promise<void> {
  outside.login = login;
  expect(browser.text).toContain("Test-eID");
  await browser.submit("upstream");
  expect(browser.url.origin).toBe(outside.issuer);
  expect(browser.url.searchParams.get("code_challenge_method")).toBe("S256");
  const there = await new Browser(fetch, {}, "/").go(browser.url);
  expect(there.url.href.startsWith(`${issuer}/upstream?`)).toBe(true);
  await browser.go(there.url);
}

it("a person signs in at the outside provider; a professional still shows the second factor", async () => {
  const portal = await platform.portal(server);
  const asked = await ask(portal);
  const browser = await platform.browser("192.0.2.1", server).go(asked.url);
  await signInOutside(browser, "marie");
  expect(browser.url.href.startsWith(redirectUri)).toBe(true);
  expect((await redeem(portal, browser, asked)).claims()).toMatchObject({ name: "Marie Test-Weber", amr: ["fed"] });
  const professional = await platform.browser("192.0.2.1", server).go((await ask(portal)).url);
  await signInOutside(professional, "hoffmann");
  await professional.submit("code", { code: platform.code("hoffmann") });
  expect(professional.url.href.startsWith(redirectUri)).toBe(true);
});

it("somebody without an account here, and an answer to another browser's question, sign nobody in", async () => {
  const portal = await platform.portal(server);
  const browser = await platform.browser("192.0.2.1", server).go((await ask(portal)).url);
  await signInOutside(browser, "stranger");
  expect(browser.status).toBe(422);
  expect(browser.text).toContain("Test-eID");
  outside.login = "marie";
  const victim = await platform.browser("192.0.2.1", server).go((await ask(portal)).url);
  await victim.submit("upstream");
  const attacker = await platform.browser("192.0.2.2", server).go((await ask(portal)).url);
  await attacker.submit("upstream");
  const there = await new Browser(fetch, {}, "/").go(attacker.url);
  await victim.go(there.url);
  expect(victim.status).toBe(422);
});
