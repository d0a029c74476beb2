import { html } from "../../../lib/html.ts";
import type { Deps } from "../../deps.ts";
import { fill } from "../../layout/language.ts";
import { page } from "../../layout/page.ts";
import type { Visit } from "../../session/visit.ts";
import { helpTexts } from "./help-texts.ts";

const parts = ["emergency", "signIn", "lost", "wrong"] as const;

export function helpPage(visit: Visit, { helpdesk }: Deps): Response {
  const text = (name: keyof typeof helpTexts): string => helpTexts[name][visit.language];
  return page(visit, {
    title: text("title"),
    area: "public",
    content: html`${parts.map((part) => html`<h2>${text(`${part}Heading`)}</h2><p>${text(part)}</p>`)}
<h2>${text("contactHeading")}</h2><p>${helpdesk === undefined ? text("contact") : fill(text("contactAt"), { contact: helpdesk })}</p>`,
  });
}
