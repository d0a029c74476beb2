import { html } from "../../layout/html.ts";
import { page } from "../../layout/page.ts";
import type { Member } from "../../session/visit.ts";
import { landingTexts } from "./landing-texts.ts";

/** Where an operator begins. */
export function landingPage(visit: Member): Response {
  const { language } = visit;
  return page(visit, {
    title: landingTexts.title[language],
    area: "operator",
    content: html`<p class="lead">${landingTexts.lead[language]}</p>`,
  });
}
