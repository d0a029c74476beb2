/** The sign-in pages' own script and style in a real browser. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pageScript, style } from "../../services/identity/pages/assets.ts";
import { languages } from "../../services/identity/pages/language.ts";
import { button, field, form, pageHeaders, renderPage } from "../../services/identity/pages/page.ts";
import { speak } from "../../services/identity/pages/texts.ts";
import { html } from "../../services/lib/html.ts";
import { hasBrowser, isTooWide, picture, startBrowser, violations, whyNot } from "./browser.ts";

if (!hasBrowser) console.warn(whyNot);

const site = "https://identity.test";
let browser: Browser;

beforeAll(async () => {
  if (hasBrowser) browser = await startBrowser();
});

afterAll(async () => {
  await browser?.close();
});

async function open(language: (typeof languages)[number], width: number, script = true): Promise<Page> {
  const say = speak(language);
  const password = { type: "password", autocomplete: "current-password", show: say("showPassword") } as const;
  const fields = html`${field({ name: "login", label: say("login"), autocomplete: "username" })}
${field({ name: "password", label: say("password"), ...password })}${button(say("signIn"))}`;
  const body = form({ action: "password", to: "/sent", token: "token", body: fields });
  const context = await browser.newContext({ viewport: { width, height: 800 }, javaScriptEnabled: script });
  const answers: Record<string, { body: string; headers: Record<string, string> }> = {
    "/": { body: renderPage({ language, title: say("signIn"), body, here: "/", script: true }), headers: pageHeaders },
    "/identity/assets/page.js": { body: pageScript, headers: { "Content-Type": "text/javascript" } },
    "/identity/assets/style.css": { body: style, headers: { "Content-Type": "text/css" } },
  };
  const page = await context.newPage();
  await page.route("**/*", (route) => {
    const answer = answers[new URL(route.request().url()).pathname];
    return answer ? route.fulfill(answer) : route.fulfill({ status: 404, body: "" });
  });
  await page.goto(`${site}/`);
  return page;
}

describe.skipIf(!hasBrowser)("the sign-in page", () => {
  it.each(languages.flatMap((language) => [320, 1280].map((width) => [language, width] as const)))(
    "shows the password to who wants to see it (%s, %i pixels)",
    async (language, width) => {
      const page = await open(language, width);
      await page.fill("#password", "Test-Satz");
      expect(await page.getAttribute("#password", "type")).toBe("password");
      await page.getByLabel(speak(language)("showPassword")).check();
      expect(await page.getAttribute("#password", "type")).toBe("text");
      expect([await violations(page), await isTooWide(page)]).toEqual([[], false]);
      await picture(page, `sign-in-${language}-${width}`);
      await page.fill("#login", "marie");
      await page.evaluate("document.querySelector('form').addEventListener('submit', (event) => event.preventDefault())");
      await page.click("button[type=submit]");
      expect(await page.getAttribute("#password", "type")).toBe("password");
      await page.context().close();
    },
  );

  it("has no box where there are no scripts", async () => {
    const page = await open("en", 320, false);
    expect(await page.isVisible("input[type=checkbox]")).toBe(false);
    await page.context().close();
  });
});
