/** A browser that is used while processes are stopped, frozen and started again under it. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { noteWaits, readWait, type Wait } from "../../chaos/walks/chromium.ts";
import { PortalProcesses } from "../../services/portal/testing/portal-processes.ts";
import { marie } from "../../services/portal/testing/test-portal.ts";
import { hasBrowser, startBrowser, violations, whyNot } from "./browser.ts";

if (!hasBrowser) console.warn(whyNot);

let platform: PortalProcesses;
let browser: Browser;

beforeAll(async () => {
  if (!hasBrowser) return;
  [platform, browser] = await Promise.all([PortalProcesses.start(marie), startBrowser()]);
}, 180_000);

afterAll(async () => {
  await browser?.close();
  await platform?.stop();
});

/** A banner says so when, and only when, a wait passes 2 s; what takes about as long may go either way. */
function expectTold({ bannerMs, leftMs }: Wait): void {
  if (bannerMs !== undefined) expect(bannerMs).toBeGreaterThanOrEqual(1900);
  if (leftMs < 1900 || leftMs > 2500) expect(bannerMs !== undefined, `waited ${leftMs} ms, told after ${bannerMs} ms`).toBe(leftMs > 2000);
}

async function patient(): Promise<{ context: BrowserContext; page: Page }> {
  const context = await browser.newContext({ locale: "en-GB", baseURL: platform.edge.origin });
  const page = await context.newPage();
  await noteWaits(page);
  await page.goto("/portal/sign-in?return=/portal/patient");
  return { context, page };
}

async function typeDocument(page: Page, name: string): Promise<void> {
  await page.goto("/portal/patient/upload");
  await page.fill("#field-name", name);
  await page.fill("#field-note", `${name}: a long note that nobody wants to type again.`);
}

async function countDocuments(name: string): Promise<number> {
  const { body } = await platform.record.get("/fhir/DocumentReference?patient=demo-marie&_count=200", {
    ...{ ...marie, scope: "patient/*.rs" },
  });
  const entries = (body.entry ?? []) as { resource: { description?: string } }[];
  return entries.filter(({ resource }) => resource.description === name).length;
}

const added = "**/portal/patient/documents?done=added";

describe.skipIf(!hasBrowser)("somebody at work while something breaks", () => {
  it("the portal that serves is frozen under a form: a banner after 2 s, the other one takes over, and it is done once", async () => {
    const { context, page } = await patient();
    await typeDocument(page, "Test frozen portal");
    await page.waitForTimeout(1500);
    const { serving } = platform;
    platform.freeze(serving);
    try {
      await page.click("text=Add to my record");
      await page.waitForTimeout(1200);
      expect(await page.isVisible("#banner")).toBe(false);
      await page.waitForSelector("#banner:not([hidden])", { timeout: 5000 });
      expect(await page.textContent("#banner")).toContain("Nothing you typed is lost");
      expect(await page.inputValue("#field-note")).toContain("nobody wants to type again");
      expect(await violations(page)).toEqual([]);
      await page.waitForURL(added, { timeout: 30_000 });
      expect(platform.serving).not.toBe(serving);
    } finally {
      platform.thaw(serving);
    }
    expectTold(await readWait(page));
    // The frozen one goes on with what it had received.
    await sleep(3000);
    expect(await countDocuments("Test frozen portal")).toBe(1);
    await context.close();
  });

  it("the portal that serves is killed under a form: the other one takes over before anybody is told to wait", async () => {
    const { context, page } = await patient();
    await typeDocument(page, "Test killed portal");
    const { serving } = platform;
    platform.kill(serving);
    try {
      await page.click("text=Add to my record");
      await page.waitForURL(added, { timeout: 30_000 });
      expectTold(await readWait(page));
      expect(await countDocuments("Test killed portal")).toBe(1);
    } finally {
      await platform.run(serving);
    }
    await context.close();
  });

  it("all portals are gone: the form waits with what was typed, typing goes on, and it is done once when they are back", async () => {
    const { context, page } = await patient();
    await typeDocument(page, "Test no portal");
    for (const pod of [0, 1]) platform.kill(pod);
    await page.fill("#field-note", "Typed while nobody was there.");
    await page.click("text=Add to my record");
    await page.waitForSelector("#banner:not([hidden])", { timeout: 10_000 });
    expect((await readWait(page)).bannerMs).toBeGreaterThanOrEqual(1900);
    expect(await page.inputValue("#field-note")).toBe("Typed while nobody was there.");
    await Promise.all([0, 1].map((pod) => platform.run(pod)));
    await page.waitForURL(added, { timeout: 60_000 });
    expect(await countDocuments("Test no portal")).toBe(1);
    await page.click("text=Test no portal");
    expect(await page.textContent("pre")).toContain("Typed while nobody was there.");
    await context.close();
  });

  it("a tab that is closed and opened again, or reloaded, after a portal died has what was typed", async () => {
    const { context, page } = await patient();
    await typeDocument(page, "Test reload");
    await page.waitForTimeout(2000);
    const { serving } = platform;
    platform.kill(serving);
    try {
      await page.fill("#field-note", "The newest words.");
      await page.reload();
      expect([await page.inputValue("#field-name"), await page.inputValue("#field-note")]).toEqual(["Test reload", "The newest words."]);
      // The tab's own memory is gone with it: what the server has is from before the portal died, or newer.
      await page.close();
      const other = await context.newPage();
      await other.goto("/portal/patient/upload");
      expect(await other.inputValue("#field-name")).toBe("Test reload");
      expect(await other.inputValue("#field-note")).not.toBe("");
    } finally {
      await platform.run(serving);
    }
    await context.close();
  });

  it("nobody answers the address: a page that is asked for or reloaded meanwhile is there when somebody does again", async () => {
    const { context, page } = await patient();
    await typeDocument(page, "Test address");
    await page.evaluate("navigator.serviceWorker.ready");
    for (const ask of [() => page.reload(), () => page.goto("/portal/patient/documents")]) {
      platform.edge.stop();
      const [answer] = await Promise.all([ask(), sleep(2000).then(() => platform.edge.comeBack())]);
      expect(answer?.status()).toBe(200);
      if (page.url().endsWith("upload")) expect(await page.inputValue("#field-name")).toBe("Test address");
    }
    await context.close();
  });

  it("the record is frozen under a reader: nothing is said of a short wait, a banner of a long one, and then the page is there", async () => {
    const { context, page } = await patient();
    for (const frozenMs of [500, 3500]) {
      // Once through, so that a slow machine does not add to the short wait.
      for (const path of ["documents", ""]) await page.goto(`/portal/patient/${path}`.replace(/\/$/, ""));
      platform.record.freeze();
      const thawed = sleep(frozenMs).then(() => platform.record.thaw());
      await page.click(".main-navigation >> text=Documents", { noWaitAfter: true });
      await thawed;
      await page.waitForURL("**/portal/patient/documents", { timeout: 30_000 });
      expect(await page.locator(".entry-title").count()).toBeGreaterThan(3);
      const times = await readWait(page);
      expectTold(times);
      if (frozenMs > 2500) expect(times.bannerMs).toBeDefined();
    }
    await context.close();
  });

  it("the record is frozen between a form and the page after it: a banner of that wait too", async () => {
    const { context, page } = await patient();
    await typeDocument(page, "Test slow page");
    let thawed: Promise<void> | undefined;
    page.on("response", (response) => {
      if (response.request().method() !== "POST" || !response.url().endsWith("/portal/patient/upload")) return;
      platform.record.freeze();
      thawed = sleep(3500).then(() => platform.record.thaw());
    });
    await page.click("text=Add to my record", { noWaitAfter: true });
    await page.waitForURL(added, { timeout: 30_000 });
    await thawed;
    const times = await readWait(page);
    expectTold(times);
    expect(times.bannerMs).toBeDefined();
    expect(await countDocuments("Test slow page")).toBe(1);
    await context.close();
  });

  it("the record is frozen under a form, longer than a portal waits for an answer: done once", async () => {
    const { context, page } = await patient();
    await typeDocument(page, "Test frozen record");
    platform.record.freeze();
    const thawed = sleep(9000).then(() => platform.record.thaw());
    await page.click("text=Add to my record");
    await page.waitForSelector("#banner:not([hidden])", { timeout: 6000 });
    await thawed;
    await page.waitForURL(added, { timeout: 60_000 });
    await sleep(1000);
    expect(await countDocuments("Test frozen record")).toBe(1);
    await context.close();
  });
});
