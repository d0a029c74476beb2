import { type Content, type Html, html } from "../../lib/html.ts";
import { languages } from "../../lib/language.ts";
import { keyField, tokenField } from "../session/form.ts";
import { hasAccountNews } from "../session/sign-in.ts";
import type { Visit } from "../session/visit.ts";
import { fill, languageNames } from "./language.ts";
import { type Area, navigation, navigationTexts } from "./navigation.ts";
import { layoutTexts } from "./texts.ts";

/** Identity's page about the own account. */
const ownSignIn = "/identity/account";

export interface PageContent {
  /** Of the document, and the page's one heading of the first level. */
  title: string;
  area: Area;
  /** Below the heading. */
  content: Content;
  /** Of what was just done, above everything else. */
  notice?: Content;
  status?: number;
}

/** A whole page. It is never kept by a browser or a proxy: a shared computer must not show it to the next one. */
export function page(visit: Visit, { title, area, content, notice, status = 200 }: PageContent): Response {
  const { language, assets } = visit;
  const text = (name: keyof typeof layoutTexts): string => layoutTexts[name][language];
  const body = html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} – ${text("name")}</title>
<link rel="stylesheet" href="${assets.style.path}">
<link rel="icon" href="${assets.icon.path}" type="image/svg+xml">
<script src="${assets.script.path}" defer></script>
</head>
<body>
<a class="skip" href="#content">${text("skip")}</a>
${header(visit, area)}
<main id="content" tabindex="-1">
${notice ? html`<div class="notice notice-done" role="status">${notice}</div>` : undefined}
${signInNews(visit)}
<h1>${title}</h1>
${content}
</main>
${footer(visit)}
<div id="banner" class="banner" role="status" hidden data-waiting="${text("waiting")}" data-gave-up="${text("gaveUp")}"><span></span></div>
</body>
</html>`;
  return new Response(body.text, {
    status,
    headers: {
      "Content-Type": "text/html; charset=utf-8",
      "Content-Language": language,
      "Cache-Control": "no-store",
      Vary: "Accept-Language, Cookie",
    },
  });
}

/** Where a visit begins: whoever else knows the password must not be the only one to know what they changed. */
function signInNews(visit: Visit): Html | undefined {
  const { address, language, session } = visit;
  if (!session || address.split("?")[0] !== homeOf(visit) || !hasAccountNews(session.tokens)) return undefined;
  return html`<div class="notice notice-warning" role="status">${layoutTexts.signInNews[language]} <a href="${ownSignIn}#news">${layoutTexts.signInNewsLook[language]}</a></div>`;
}

function header(visit: Visit, area: Area): Html {
  const { language, session } = visit;
  const places = navigation[area].filter(({ selfOnly }) => !selfOnly || !actsForAnother(visit));
  return html`<header class="top">
<div class="top-row">
<a class="brand" href="${session ? homeOf(visit) : "/portal/"}"><span class="brand-mark" aria-hidden="true"></span><span>${layoutTexts.name[language]}<small>${layoutTexts.tagline[language]}</small></span></a>
<div class="top-side">${languageSwitch(visit)}${session ? account(visit) : undefined}</div>
</div>
${
  places.length > 0
    ? html`<nav class="main-navigation" aria-label="${layoutTexts.mainNavigation[language]}"><ul>${places.map(
        ({ path, text, also = [] }) => {
          const current = [path, ...also].some((each) => isCurrent(visit, each, places[0]?.path));
          return html`<li><a href="${path}"${current ? html` aria-current="page"` : undefined}>${navigationTexts[text][language]}</a></li>`;
        },
      )}</ul></nav>`
    : undefined
}
</header>`;
}

function actsForAnother({ session }: Visit): boolean {
  const { person, patientId } = session?.principal ?? {};
  return person !== undefined && patientId !== undefined && person !== `Patient/${patientId}`;
}

function isCurrent({ address }: Visit, path: string, first: string | undefined): boolean {
  const [here = ""] = address.split("?");
  return here === path || (path !== first && here.startsWith(`${path}/`));
}

function homeOf({ session }: Visit): string {
  const role = session?.principal.role;
  return role === "practitioner" ? "/portal/professional" : role === "operator" ? "/portal/operator" : "/portal/patient";
}

function languageSwitch({ language, address }: Visit): Html {
  const [path = "", query = ""] = address.split("?");
  const to = (other: string): string => {
    const parameters = new URLSearchParams(query);
    parameters.set("language", other);
    return `${path}?${parameters}`;
  };
  return html`<nav class="languages" aria-label="${layoutTexts.language[language]}"><ul>${languages.map(
    (each) =>
      html`<li><a href="${to(each)}" lang="${each}" hreflang="${each}"${each === language ? html` aria-current="true"` : undefined}><span aria-hidden="true">${each.toUpperCase()}</span><span class="hidden">${languageNames[each]}</span></a></li>`,
  )}</ul></nav>`;
}

function account({ language, session, formToken }: Visit): Html {
  const name = session?.principal.name ?? "";
  return html`<div class="account"><span class="account-name">${fill(layoutTexts.signedInAs[language], { name })}</span>
<a href="${ownSignIn}">${layoutTexts.ownSignIn[language]}</a>
<form method="post" action="/portal/sign-out"><input type="hidden" name="${tokenField}" value="${formToken}"><input type="hidden" name="${keyField}" value="${crypto.randomUUID()}"><button class="button-quiet">${layoutTexts.signOut[language]}</button></form></div>`;
}

function footer({ language, session, address }: Visit): Html {
  return html`<footer class="bottom"><p>${layoutTexts.emergency[language]}</p><ul>${session ? html`<li><a href="/portal/feedback?page=${encodeURIComponent(address.split("?")[0] ?? "")}">${layoutTexts.feedback[language]}</a></li>` : undefined}<li><a href="/portal/help">${layoutTexts.help[language]}</a></li><li><a href="/portal/accessibility">${layoutTexts.accessibility[language]}</a></li></ul></footer>`;
}
