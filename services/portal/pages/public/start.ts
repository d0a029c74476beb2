import { html } from "../../../lib/html.ts";
import { page } from "../../layout/page.ts";
import type { Visit } from "../../session/visit.ts";
import { startTexts } from "./start-texts.ts";

/** What somebody reads who is not signed in. */
export function startPage(visit: Visit): Response {
  const text = (name: keyof typeof startTexts): string => startTexts[name][visit.language];
  return page(visit, {
    title: text("title"),
    area: "public",
    content: html`<p class="lead">${text("lead")}</p>
<p class="actions"><a class="button" href="/portal/sign-in">${text("signIn")}</a></p>
<p class="soft">${text("for")}</p>
<h2>${text("offersHeading")}</h2>
<ul><li>${text("see")}</li><li>${text("decide")}</li><li>${text("check")}</li><li>${text("close")}</li></ul>`,
  });
}
