import { type Html, html } from "../../lib/html.ts";
import type { Language } from "../../lib/language.ts";
import { languages } from "./language.ts";
import { speak } from "./texts.ts";

export interface Page {
  language: Language;
  title: string;
  /** Said first, and the page's focus is on it. */
  error?: string | undefined;
  notice?: string | undefined;
  body: Html;
  /** Whether the page has something that only a script can serve. */
  script?: boolean;
  /** Where the switch of languages leads; none without it. */
  here?: string | undefined;
}

const languageNames: Record<Language, string> = { fr: "Français", de: "Deutsch", en: "English" };

/** A whole page. It works without scripts, styles and pictures. */
export function renderPage({ language, title, error, notice, body, script, here }: Page): string {
  const say = speak(language);
  const switches = languages
    .filter((each) => each !== language)
    .map((each) => html`<a href="${here ?? ""}?lang=${each}" lang="${each}" hreflang="${each}">${languageNames[each]}</a>`);
  return html`<!DOCTYPE html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${error === undefined ? "" : `${say("error")}: `}${title} – ${say("service")}</title>
<link rel="stylesheet" href="/identity/assets/style.css">
${script === true && html`<script src="/identity/assets/page.js" defer></script>`}
</head>
<body>
<header><p><a href="/">${say("service")}</a></p>${here !== undefined && html`<nav aria-label="${say("languages")}">${switches}</nav>`}</header>
<main>
<h1>${title}</h1>
${error !== undefined && html`<p class="error" id="error" role="alert" tabindex="-1" autofocus>${error}</p>`}
${notice !== undefined && html`<p class="notice" role="status">${notice}</p>`}
${body}
</main>
</body>
</html>
`.text;
}

export interface Field {
  name: string;
  label: string;
  type?: "text" | "password";
  autocomplete: string;
  hint?: string;
  /** May be left empty. */
  optional?: boolean;
  /** Whether the page's error is about this field. */
  wrong?: boolean;
  value?: string;
  numeric?: boolean;
  focus?: boolean;
  /** Of a password: what the box is called that shows it, where there are scripts. */
  show?: string;
}

/** A labelled input, its hint and the page's error linked to it. */
export function field({ name, label, type = "text", autocomplete, hint, optional, wrong, value, numeric, focus, show }: Field): Html {
  const described = [hint === undefined ? "" : `${name}-hint`, wrong ? "error" : ""].filter(Boolean).join(" ");
  return html`<div class="field"><label for="${name}">${label}</label>
${hint !== undefined && html`<p class="hint" id="${name}-hint">${hint}</p>`}
<input id="${name}" name="${name}" type="${type}" autocomplete="${autocomplete}"${optional !== true && html` required`} autocapitalize="none" spellcheck="false"
${described !== "" && html` aria-describedby="${described}"`}${wrong === true && html` aria-invalid="true"`}
${value !== undefined && html` value="${value}"`}${numeric === true && html` inputmode="numeric" maxlength="8"`}${focus === true && html` autofocus`}${show !== undefined && html` data-show="${show}"`}></div>`;
}

/** A form that posts to the page it stands on, with the token that shows it came from there. */
export function form(options: { action: string; to: string; token: string; body: Html; id?: string; data?: string }): Html {
  const { action, to, token, body, id, data } = options;
  return html`<form method="post" action="${to}"${id !== undefined && html` id="${id}"`}${data !== undefined && html` data-options="${data}" hidden`}>
<input type="hidden" name="form" value="${token}"><input type="hidden" name="action" value="${action}">
${body}
</form>`;
}

export function button(text: string, quiet = false): Html {
  return html`<button type="submit"${quiet && html` class="quiet"`}>${text}</button>`;
}

/** Nothing but the service's own style and script may run or be shown, and no other site may frame the page. */
export const pageHeaders: Readonly<Record<string, string>> = {
  "Content-Type": "text/html; charset=utf-8",
  "Cache-Control": "no-store",
  "Content-Security-Policy":
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; connect-src 'none'",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "Permissions-Policy": "publickey-credentials-get=(self), publickey-credentials-create=(self)",
};
