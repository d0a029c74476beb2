import type { ErrorOut, KoaContextWithOIDC } from "oidc-provider";
import { Html, html } from "../../lib/html.ts";
import type { Language } from "../../lib/language.ts";
import { chooseLanguage } from "./language.ts";
import { pageHeaders, renderPage } from "./page.ts";
import { speak } from "./texts.ts";

type Ctx = Pick<KoaContextWithOIDC, "get" | "set" | "query"> & { body: unknown };

function languageOf(ctx: Ctx): Language {
  const cookie = /(?:^|;\s*)identity_language=(\w\w)/.exec(ctx.get("Cookie"))?.[1];
  const asked = ctx.query.ui_locales;
  return chooseLanguage(cookie, Array.isArray(asked) ? asked[0] : asked, ctx.get("Accept-Language"));
}

function show(ctx: Ctx, page: Omit<Parameters<typeof renderPage>[0], "language">): void {
  for (const [name, value] of Object.entries(pageHeaders)) ctx.set(name, value);
  ctx.body = renderPage({ language: languageOf(ctx), ...page });
}

/** The protocol's errors are for developers, so they are shown as they are, below a sentence for everybody. */
export function renderProviderError(ctx: KoaContextWithOIDC, out: ErrorOut): void {
  const say = speak(languageOf(ctx));
  const expired = out.error === "invalid_request" && /session|expired/.test(out.error_description ?? "");
  show(ctx, {
    title: say(expired ? "expired" : "failed"),
    body: html`<p>${say("expiredWhat")}</p><p><code>${out.error}</code> ${out.error_description ?? ""}</p>`,
  });
}

export function renderSignOut(ctx: KoaContextWithOIDC, form: string): void {
  const say = speak(languageOf(ctx));
  const confirm = html`${new Html(form)}<button type="submit" form="op.logoutForm" name="logout" value="yes" autofocus>${say("signOut")}</button>
<button type="submit" form="op.logoutForm" class="quiet">${say("stay")}</button>`;
  show(ctx, { title: say("signOutAsk"), body: confirm });
}

export function renderSignedOut(ctx: KoaContextWithOIDC): void {
  const say = speak(languageOf(ctx));
  show(ctx, { title: say("signedOut"), body: html`<p><a href="/">${say("continue")}</a></p>` });
}

/** The page for a sign-in that is no longer there. */
export function expiredPage(language: Language): string {
  const say = speak(language);
  return renderPage({ language, title: say("expired"), body: html`<p>${say("expiredWhat")}</p>` });
}
