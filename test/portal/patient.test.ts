import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hoffmann, marie, startTestPortal, type TestPortal } from "../../services/portal/testing/test-portal.ts";
import { hasBrowser, isTooWide, picture, startBrowser, violations, whyNot } from "./browser.ts";

const places: Record<string, string> = {
  start: "/portal/",
  help: "/portal/help",
  accessibility: "/portal/accessibility",
  "not-found": "/portal/nowhere",
  overview: "/portal/patient",
  documents: "/portal/patient/documents",
  document: "/portal/patient/documents/marie-letter",
  scan: "/portal/patient/documents/marie-scan",
  report: "/portal/patient/reports/marie-report",
  result: "/portal/patient/results/marie-hba1c-3",
  upload: "/portal/patient/upload",
  summary: "/portal/patient/summary",
  accesses: "/portal/patient/accesses?show=everything",
  rights: "/portal/patient/rights?find=test",
  rule: "/portal/patient/rights/new?who=Practitioner/demo-lentz",
  delegates: "/portal/patient/delegates",
  record: "/portal/patient/record",
};
const forEverybody = new Set(["start", "help", "accessibility", "not-found"]);

if (!hasBrowser) console.warn(whyNot);

let portal: TestPortal;
let browser: Browser;

beforeAll(async () => {
  if (!hasBrowser) return;
  [portal, browser] = await Promise.all([startTestPortal(), startBrowser()]);
});

afterAll(async () => {
  await browser?.close();
  await portal?.stop();
});

async function visitor(
  options: { locale?: string; width?: number; dark?: boolean; script?: boolean } = {},
): Promise<{ context: BrowserContext; page: Page }> {
  const { locale = "en-GB", width = 1280, dark = false, script = true } = options;
  const context = await browser.newContext({
    ...{ locale, baseURL: portal.origin, javaScriptEnabled: script },
    viewport: { width, height: width < 600 ? 740 : 900 },
    colorScheme: dark ? "dark" : "light",
  });
  return { context, page: await context.newPage() };
}

async function signIn(page: Page): Promise<void> {
  portal.identity.person = marie;
  await page.goto("/portal/sign-in?return=/portal/patient");
}

describe.skipIf(!hasBrowser)("every page", () => {
  it.each([
    { locale: "en-GB", width: 1280, dark: false },
    { locale: "de-DE", width: 320, dark: false },
    { locale: "fr-FR", width: 320, dark: true },
    { locale: "fr-FR", width: 1280, dark: false },
    { locale: "de-DE", width: 1280, dark: true },
    { locale: "en-GB", width: 320, dark: false },
    // A window of 1280 pixels is 640 wide at 200 %, and 320 at 400 %.
    { locale: "de-DE", width: 640, dark: false },
  ])("is accessible and fits: $locale, $width px, dark $dark", async (how) => {
    const { context, page } = await visitor(how);
    const found: string[] = [];
    let isIn = false;
    for (const [name, path] of Object.entries(places)) {
      if (!isIn && !forEverybody.has(name)) {
        await signIn(page);
        isIn = true;
      }
      await page.goto(path);
      expect(await page.locator("html").getAttribute("lang")).toBe(how.locale.slice(0, 2));
      found.push(...(await violations(page)).map(({ id, help, targets }) => `${name}: ${id} (${help}) ${targets.slice(0, 3).join(" | ")}`));
      if (await isTooWide(page)) found.push(`${name}: wider than the window`);
      await picture(page, `${name}-${how.locale.slice(0, 2)}-${how.width}${how.dark ? "-dark" : ""}`);
    }
    await context.close();
    expect(found).toEqual([]);
  });
});

describe.skipIf(!hasBrowser)("the instruments", () => {
  it("find what is wrong", async () => {
    const { context, page } = await visitor();
    await page.goto("/portal/");
    await page.evaluate("document.documentElement.removeAttribute('lang'); document.querySelector('.lead').style.color = '#ddd'");
    expect((await violations(page)).map(({ id }) => id).toSorted()).toEqual(["color-contrast", "html-has-lang"]);
    await page.evaluate("document.querySelector('main').style.width = '5000px'; document.querySelector('main').style.maxWidth = 'none'");
    expect(await isTooWide(page)).toBe(true);
    await context.close();
  });
});

describe.skipIf(!hasBrowser)("somebody", () => {
  it("with a keyboard alone comes to the content, to a form and to what is wrong in it", async () => {
    const { context, page } = await visitor();
    await signIn(page);
    await page.goto("/portal/patient/upload");
    await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement.className")).toBe("skip");
    expect(await page.evaluate("document.activeElement.getBoundingClientRect().top >= 0")).toBe(true);
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement.id")).toBe("field-name");
    expect(await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")).toBe("solid");
    await page.keyboard.press("Enter");
    await page.waitForSelector("#problems");
    expect(await page.evaluate("document.activeElement.id")).toBe("problems");
    expect(await violations(page)).toEqual([]);
    await picture(page, "upload-problems");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    expect(await page.evaluate("document.activeElement.id")).toBe("field-name");
    await context.close();
  });

  it("without JavaScript adds a document, sees it, and signs out", async () => {
    const { context, page } = await visitor({ script: false });
    await signIn(page);
    await page.click("text=Add a document");
    await page.fill("#field-name", "Test without script");
    await page.fill("#field-note", "A note.");
    await page.click("text=Add to my record");
    expect(new URL(page.url()).pathname).toBe("/portal/patient/documents");
    await page.click("text=Test without script");
    expect(await page.textContent("pre")).toContain("A note.");
    await page.click("text=Sign out");
    expect(new URL(page.url()).pathname).toBe("/portal/");
    await context.close();
  });

  it("who reloads, or signs in anew, finds what was typed", async () => {
    const { context, page } = await visitor();
    await signIn(page);
    await page.goto("/portal/patient/upload");
    await page.fill("#field-name", "Half a name");
    await page.fill("#field-note", "Half a sentence");
    await page.reload();
    expect(await page.inputValue("#field-note")).toBe("Half a sentence");
    await page.waitForTimeout(1500);
    const cookies = await context.cookies();
    await context.clearCookies();
    await context.addCookies(cookies.filter(({ name }) => name !== "__Host-dsp-session"));
    await page.click("text=Add to my record");
    await page.waitForURL("**/portal/patient/upload");
    expect(await page.inputValue("#field-name")).toBe("Half a name");
    await context.close();
    const { context: other, page: elsewhere } = await visitor();
    await signIn(elsewhere);
    await elsewhere.goto("/portal/patient/upload");
    expect(await elsewhere.inputValue("#field-note")).toBe("Half a sentence");
    await other.close();
  });

  it("who sends while the server is away is told after two seconds, and it is done once", async () => {
    const { context, page } = await visitor();
    await signIn(page);
    await page.goto("/portal/patient/upload");
    await page.fill("#field-name", "Sent while away");
    await page.fill("#field-note", "Once.");
    let requests = 0;
    await page.route("**/portal/patient/upload", async (route) => {
      requests++;
      // The first is lost before it arrives, the second arrives and its answer is lost, the third comes while the edge has no server.
      if (requests === 1) return await route.abort("connectionreset");
      if (requests === 2) {
        await route.fetch();
        return await route.abort("connectionreset");
      }
      if (requests < 6) return await route.fulfill({ status: 503, body: "" });
      return await route.continue();
    });
    await page.click("text=Add to my record");
    await page.waitForSelector("#banner:not([hidden])", { timeout: 5000 });
    expect(await page.textContent("#banner")).toContain("Nothing you typed is lost");
    await picture(page, "banner");
    await page.waitForURL("**/portal/patient/documents?done=added", { timeout: 20_000 });
    await page.goto("/portal/patient/documents?words=away");
    expect(await page.locator(".entry-title").count()).toBe(1);
    await context.close();
  });

  it("drops a file", async () => {
    const { context, page } = await visitor();
    await signIn(page);
    await page.goto("/portal/patient/upload");
    await page.fill("#field-name", "Dropped");
    const data = await page.evaluateHandle(
      "(() => { const transfer = new DataTransfer(); transfer.items.add(new File(['A dropped text'], 'dropped.txt')); return transfer; })()",
    );
    await page.dispatchEvent("[data-drop]", "drop", { dataTransfer: data });
    expect(await page.evaluate("document.querySelector('#field-file').files[0].name")).toBe("dropped.txt");
    await page.fill("#field-note", "");
    await page.click("text=Add to my record");
    await page.waitForURL("**/portal/patient/documents?done=added");
    await context.close();
  });

  it("sees who looked, and reports it", async () => {
    await portal.record.get("/fhir/DiagnosticReport/marie-report", hoffmann);
    const { context, page } = await visitor({ locale: "de-DE", width: 320 });
    await signIn(page);
    await page.goto("/portal/patient/accesses");
    await page.locator(".entries >> text=Melden").first().click();
    await page.waitForSelector("#field-reason");
    expect([await violations(page), await isTooWide(page)]).toEqual([[], false]);
    await picture(page, "complaint-de-320");
    await page.fill("#field-reason", "Ich war nie dort.");
    await page.click("text=Meldung senden");
    await page.waitForURL("**/accesses?done=reported");
    expect(await page.textContent("main")).toContain("Ich war nie dort.");
    expect(await violations(page)).toEqual([]);
    await context.close();
  });

  it("of another kind, or where something is wrong, gets a page that says so", async () => {
    const { context, page } = await visitor({ locale: "fr-FR" });
    portal.identity.person = hoffmann;
    await page.goto("/portal/sign-in");
    expect(new URL(page.url()).pathname).toBe("/portal/professional");
    expect(await violations(page)).toEqual([]);
    await page.goto("/portal/patient");
    expect(await page.textContent("h1")).toContain("Cet accès ne vous est pas ouvert");
    expect(await violations(page)).toEqual([]);
    await picture(page, "forbidden-fr");
    await context.close();
  });

  it("prints the summary without the site around it", async () => {
    const { context, page } = await visitor();
    await signIn(page);
    await page.goto("/portal/patient/summary");
    await page.emulateMedia({ media: "print" });
    expect([await page.isVisible(".top"), await page.isVisible("text=Download for software"), await page.isVisible("h1")]).toEqual([
      false,
      false,
      true,
    ]);
    await picture(page, "summary-print");
    await context.close();
  });
});
