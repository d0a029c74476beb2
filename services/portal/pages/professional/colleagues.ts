import { html } from "../../../lib/html.ts";
import type { Deps } from "../../deps.ts";
import { page } from "../../layout/page.ts";
import type { Member } from "../../session/visit.ts";
import { colleaguesTexts } from "./colleagues-texts.ts";
import { directoryList, directorySearch, findInDirectory } from "./directory.ts";

/** The directory, who works beside the visitor, and how far one may act for another. */
export async function colleaguesPage(visit: Member, deps: Deps): Promise<Response> {
  const { caller, language, principal } = visit;
  const text = (name: keyof typeof colleaguesTexts): string => colleaguesTexts[name][language];
  const { organizationId } = principal;
  const [found, own] = await Promise.all([
    findInDirectory(visit, deps),
    organizationId === undefined ? [] : deps.directory.findColleagues(caller, { name: "", profession: "", organizationId }),
  ]);
  const beside = own.filter(({ practitioner, role }) => role !== undefined && `Practitioner/${practitioner.id}` !== principal.person);
  const ways = (actor: string, name: string) =>
    html`<a class="button-secondary" href="/portal/professional/messages/new?to=${encodeURIComponent(actor)}">${text("write")} <span class="hidden">${name}</span></a>`;
  return page(visit, {
    title: text("title"),
    area: "professional",
    content: html`<p class="lead">${text("lead")}</p>
${directorySearch(visit, "/portal/professional/colleagues")}
${directoryList(visit, found, ways)}
<h2>${text("ownTitle")}</h2>
${beside.length === 0 ? html`<p class="soft">${text("ownAlone")}</p>` : directoryList(visit, { people: beside, places: [] }, ways)}
<section aria-labelledby="delegation"><h2 id="delegation">${text("delegation")}</h2><p>${text("delegationHow")}</p><p>${text("delegationLimits")}</p></section>`,
  });
}
