import { expect, it } from "vitest";
import { html } from "../../lib/html.ts";
import { chooseLanguage, languages } from "./language.ts";
import { field, form, renderPage } from "./page.ts";
import { speak, waitingTime } from "./texts.ts";

it("escapes what is not HTML already, attributes included", () => {
  const evil = `"><script>alert('x')</script>&`;
  expect(html`<p title="${evil}">${evil}</p>${html`<b></b>`}${undefined}${false}`.text).toBe(
    `<p title="&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;">&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;</p><b></b>`,
  );
});

it("chooses the first language that is spoken here, by weight", () => {
  expect(chooseLanguage(undefined, "lb de en")).toBe("de");
  expect(chooseLanguage(undefined, undefined, "it, en;q=0.4, de-LU;q=0.8")).toBe("de");
  expect(chooseLanguage("en", "de")).toBe("en");
  expect(chooseLanguage("xx", "", "de;q=0")).toBe("fr");
});

it("a field has its label, its hint and the error that is about it", () => {
  const { text } = field({ name: "code", label: "Code", autocomplete: "one-time-code", hint: "six digits", wrong: true });
  expect(text).toContain('<label for="code">Code</label>');
  expect(text).toContain('aria-describedby="code-hint error"');
  expect(text).toContain('aria-invalid="true"');
});

it("a page says its language, leads to the others, and has its error first and announced", () => {
  for (const language of languages) {
    const body = form({ action: "a", to: "/x", token: "t", body: html`` });
    const page = renderPage({ language, title: "Title", body, error: "Wrong", here: "/x" });
    expect(page).toContain(`<html lang="${language}">`);
    for (const other of languages.filter((each) => each !== language)) expect(page).toContain(`href="/x?lang=${other}"`);
    expect(page.indexOf('role="alert"')).toBeLessThan(page.indexOf("<form"));
  }
});

it("fills texts in, and says times in words", () => {
  expect(speak("de")("signInTo", "X")).toBe("Anmeldung bei X");
  expect(waitingTime(speak("en"), 3.2)).toBe("4 seconds");
  expect(waitingTime(speak("en"), 301)).toBe("6 minutes");
});
