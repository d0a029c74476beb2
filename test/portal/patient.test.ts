import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { marie, startTestPortal, type TestPortal } from "../../services/portal/testing/test-portal.ts";
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
    { locale: "de-DE", width: 360, dark: false },
    { locale: "fr-FR", width: 360, dark: true },
    { locale: "fr-FR", width: 1280, dark: false },
    { locale: "de-DE", width: 1280, dark: true },
    { locale: "en-GB", width: 360, dark: false },
    // As a window of 1280 pixels is at 200 %.
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
