import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { IdentityProcess } from "../../services/portal/testing/identity-process.ts";
import { seedOperator } from "../../services/portal/testing/seed-operator.ts";
import { TestPlatform } from "../../services/portal/testing/test-platform.ts";
import { operator, startTestPortal, type TestPortal } from "../../services/portal/testing/test-portal.ts";
import { hasBrowser, isTooWide, picture, startBrowser, violations, whyNot } from "./browser.ts";

const places: Record<string, string> = {
  platform: "/portal/operator",
  drills: "/portal/operator/drills",
  reviews: "/portal/operator/reviews",
  "reviews-done": "/portal/operator/reviews?show=done",
  feedback: "/portal/operator/feedback",
  desk: "/portal/operator/service-desk",
  audit: "/portal/operator/audit",
};

if (!hasBrowser) console.warn(whyNot);

let portal: TestPortal;
let platform: TestPlatform;
let identity: IdentityProcess;
let browser: Browser;

beforeAll(async () => {
  if (!hasBrowser) return;
  platform = await TestPlatform.start(["identity", "registry", "exchange", "portal"]);
  portal = await startTestPortal({
    ...{ sites: platform.sites, ports: platform.ports, standbys: 1 },
    sentinels: [{ name: "127.0.0.1", port: platform.sentinelPort }],
  });
  identity = await IdentityProcess.start(portal.postgres, portal.identity);
  portal.identity.desk = identity.port;
  [browser] = await Promise.all([startBrowser(), platform.guard(portal.redis.port), seedOperator(portal)]);
}, 180_000);

afterAll(async () => {
  await browser?.close();
  await platform?.stop();
  await identity?.stop();
  await portal?.stop();
});

async function visitor({
  locale = "en-GB",
  width = 1280,
  dark = false,
  script = true,
} = {}): Promise<{ context: BrowserContext; page: Page }> {
  const context = await browser.newContext({
    ...{ locale, baseURL: portal.origin, javaScriptEnabled: script },
    viewport: { width, height: width < 600 ? 740 : 900 },
    colorScheme: dark ? "dark" : "light",
  });
  const page = await context.newPage();
  portal.identity.person = operator;
  await page.goto("/portal/sign-in?return=/portal/operator");
  return { context, page };
}

describe.skipIf(!hasBrowser)("an operator's pages", () => {
  it.each([
    { locale: "en-GB", width: 1280, dark: false },
    { locale: "de-DE", width: 320, dark: false },
    { locale: "fr-FR", width: 1280, dark: false },
    { locale: "fr-FR", width: 320, dark: true },
    { locale: "de-DE", width: 1280, dark: true },
    { locale: "en-GB", width: 320, dark: false },
  ])("are accessible and fit: $locale, $width px, dark $dark", async (how) => {
    const { context, page } = await visitor(how);
    const found: string[] = [];
    const look = async (name: string): Promise<void> => {
      expect(await page.locator("html").getAttribute("lang")).toBe(how.locale.slice(0, 2));
      found.push(...(await violations(page)).map(({ id, help, targets }) => `${name}: ${id} (${help}) ${targets.slice(0, 3).join(" | ")}`));
      if (await isTooWide(page)) found.push(`${name}: wider than the window`);
      await picture(page, `operator-${name}-${how.locale.slice(0, 2)}-${how.width}${how.dark ? "-dark" : ""}`);
    };
    for (const [name, path] of Object.entries(places)) {
      await page.goto(path);
      if (name === "platform") await page.click("#pods summary");
      await look(name);
    }
    await page.goto("/portal/operator/reviews");
    await page.locator(".entry-title").last().click();
    await page.waitForURL("**/reviews/*");
    await look("review");
    await page.click("form[data-draft] button");
    await page.waitForSelector("#problems");
    await look("review-problems");
    await page.goto("/portal/operator/service-desk");
    await page.fill("#field-login", "hoffmann");
    await page.click("main form button");
    await page.waitForURL("**/service-desk/*");
    await look("desk-account");
    await page.click("form[action$='/reset'] button");
    await page.waitForSelector("#problems");
    await look("desk-problems");
    await page.fill("#field-resetReason", "Test: telephone lost, called back");
    await page.check("#field-identified");
    await page.click("form[action$='/reset'] button");
    await page.waitForSelector("main code");
    await look("desk-code");
    await context.close();
    expect(found).toEqual([]);
  });
});

describe.skipIf(!hasBrowser)("an operator", () => {
  it("watches: what changes is shown and told, what was opened stays open, and it can be paused", async () => {
    const { context, page } = await visitor();
    await page.click("#pods summary");
    platform.readiness.registry = { ready: false, reason: "starting" };
    await page.waitForSelector("#live-changes li:has-text('registry-6d5f-x7k2p: ready → not ready (starting)')", { timeout: 20_000 });
    expect(await page.locator("#pods").getAttribute("open")).not.toBeNull();
    expect(await violations(page)).toEqual([]);
    await picture(page, "operator-platform-change");
    await page.click("[data-live-pause]");
    platform.readiness.registry = { ready: true };
    await page.waitForTimeout(5000);
    expect(await page.locator("#live [data-fact='registry-6d5f-x7k2p']").textContent()).toBe("not ready (starting)");
    await page.click("[data-live-pause]");
    await page.waitForSelector("#live [data-fact='registry-6d5f-x7k2p']:has-text('ready'):not(:has-text('not'))", { timeout: 20_000 });
    await context.close();
  });

  it("is told when nobody answers any more, and when somebody does again", async () => {
    const { context, page } = await visitor();
    await page.route("**/portal/operator/platform", (route) => route.abort("connectionreset"));
    await page.waitForSelector("#live-stale:not([hidden])", { timeout: 20_000 });
    expect(await page.textContent("#live-stale")).toMatch(/No answer since \d/);
    expect(await page.locator("#live.is-stale").count()).toBe(1);
    expect(await violations(page)).toEqual([]);
    await picture(page, "operator-platform-stale");
    await page.unroute("**/portal/operator/platform");
    await page.waitForSelector("#live-stale", { state: "hidden", timeout: 20_000 });
    await context.close();
  });

  it("without JavaScript sees the platform, marks a message and verifies the audit trail", async () => {
    const { context, page } = await visitor({ script: false });
    expect(await page.isVisible("text=Refreshed every 2 seconds")).toBe(false);
    await page.goto("/portal/operator/feedback");
    await page.locator("text=Mark as answered").first().click();
    expect(await page.textContent(".notice-done")).toContain("Marked as answered");
    await page.goto("/portal/operator/audit");
    await page.click("text=Verify the whole chain");
    expect(await page.textContent("main")).toContain("The chain is whole");
    await picture(page, "operator-audit-whole");
    await context.close();
  });
});
