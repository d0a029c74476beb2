import { html } from "../../layout/html.ts";
import { fill } from "../../layout/language.ts";
import { page } from "../../layout/page.ts";
import { professionText } from "../../layout/professions.ts";
import type { Member } from "../../session/visit.ts";
import { landingTexts } from "./landing-texts.ts";

/** Where a professional begins. */
export function landingPage(visit: Member): Response {
  const text = (name: keyof typeof landingTexts): string => landingTexts[name][visit.language];
  const { name = "", profession, organizationId } = visit.principal;
  return page(visit, {
    title: fill(text("title"), { name }),
    area: "professional",
    content: html`<p class="lead">${text("lead")}</p>
<dl class="facts"><dt>${text("profession")}</dt><dd>${profession === undefined ? "–" : professionText(profession, visit.language)}</dd>
<dt>${text("organization")}</dt><dd>${organizationId ?? "–"}</dd></dl>`,
  });
}
