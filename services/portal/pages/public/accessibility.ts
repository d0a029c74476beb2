import { html } from "../../../lib/html.ts";
import { page } from "../../layout/page.ts";
import type { Visit } from "../../session/visit.ts";
import { accessibilityTexts } from "./accessibility-texts.ts";

export function accessibilityPage(visit: Visit): Response {
  const text = (name: keyof typeof accessibilityTexts): string => accessibilityTexts[name][visit.language];
  return page(visit, {
    title: text("title"),
    area: "public",
    content: html`<p class="lead">${text("lead")}</p>
<h2>${text("aimHeading")}</h2><p>${text("aim")}</p>
<h2>${text("canHeading")}</h2><ul><li>${text("keyboard")}</li><li>${text("zoom")}</li><li>${text("script")}</li><li>${text("dark")}</li></ul>
<h2>${text("limitsHeading")}</h2><p>${text("limits")}</p>
<p><a href="/portal/help">${text("tell")}</a></p>`,
  });
}
