import type { Organization, Practitioner } from "@medplum/fhirtypes";
import { type Html, html } from "../../../lib/html.ts";
import type { DirectoryEntry } from "../../clients/directory.ts";
import type { Deps } from "../../deps.ts";
import { selectField, textField } from "../../layout/forms.ts";
import { fill } from "../../layout/language.ts";
import { isProfession, professions, professionText } from "../../layout/professions.ts";
import type { Member } from "../../session/visit.ts";
import { conceptText } from "../patient/entry.ts";
import { nameText } from "../patient/overview.ts";
import { colleaguesTexts } from "./colleagues-texts.ts";
import { professionNameTexts } from "./profession-name-texts.ts";

/** Somebody who can be written to: `Practitioner/…`, `Organization/…` or `role:profession@organisation`. */
export const actorPattern = /^(?:(?:Practitioner|Organization)\/[A-Za-z0-9\-.]{1,64}|role:[a-z-]{1,40}@[A-Za-z0-9\-.]{1,64})$/;

export interface DirectoryPage {
  people: DirectoryEntry[];
  places: Organization[];
}

/** What the search of this address finds; everybody, up to a page, where nothing was entered. */
export async function findInDirectory({ caller, call }: Member, { directory }: Deps): Promise<DirectoryPage> {
  const name = (call.req.query("name") ?? "").trim().slice(0, 100);
  const profession = professions.find((each) => each === call.req.query("profession")) ?? "";
  const [people, places] = await Promise.all([
    directory.findColleagues(caller, { name, profession, organizationId: "" }),
    profession === "" ? directory.findOrganizations(caller, name) : [],
  ]);
  return { people, places };
}

/** @param kept further parameters of the page, which the search must not lose */
export function directorySearch({ call, language }: Member, action: string, kept: Readonly<Record<string, string>> = {}): Html {
  const text = (name: keyof typeof colleaguesTexts): string => colleaguesTexts[name][language];
  const choices = [{ value: "", text: text("any") }, ...professions.map((value) => ({ value, text: professionText(value, language) }))];
  return html`<form class="filters" method="get" action="${action}" role="search">${Object.entries(kept).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  )}
${textField({ name: "name", label: text("name"), value: call.req.query("name"), type: "search", maxLength: 100 })}
${selectField({ name: "profession", label: text("profession"), value: call.req.query("profession") ?? "", choices })}
<p class="actions"><button class="button">${text("search")}</button></p></form>`;
}

/** People and places, each with the ways that `links` gives. */
export function directoryList(
  { language, principal }: Member,
  { people, places }: DirectoryPage,
  links: (actor: string, name: string) => Html,
): Html {
  const text = (name: keyof typeof colleaguesTexts): string => colleaguesTexts[name][language];
  const person = ({ practitioner, role, organization }: DirectoryEntry): Html => {
    const [name, actor] = [practitionerName(practitioner), `Practitioner/${practitioner.id}`];
    const profession = role?.code?.[0]?.coding?.find(({ code }) => code !== undefined)?.code;
    const facts = [
      profession === undefined ? conceptText(role?.code?.[0]) : professionName(profession, language),
      organization?.name ?? role?.organization?.display ?? "",
      practitioner.address?.[0]?.city ?? "",
    ];
    return html`<li><div class="entry"><strong>${name}</strong>${principal.person === actor ? html` <span class="tag">${text("yourself")}</span>` : undefined}<p class="soft small">${facts.filter(Boolean).join(" · ")}</p></div>${principal.person === actor ? undefined : links(actor, name)}</li>`;
  };
  const place = (organization: Organization): Html => {
    const name = organization.name ?? "–";
    return html`<li><div class="entry"><strong>${name}</strong><p class="soft small">${[conceptText(organization.type?.[0]), organization.address?.[0]?.city].filter(Boolean).join(" · ")}</p></div>${links(`Organization/${organization.id}`, name)}</li>`;
  };
  if (people.length === 0 && places.length === 0) return html`<p class="empty">${text("nobody")}</p>`;
  return html`${people.length === 0 ? undefined : html`<h2>${text("people")}</h2><ul class="entries">${people.map(person)}</ul>`}
${places.length === 0 ? undefined : html`<h2>${text("places")}</h2><ul class="entries">${places.map(place)}</ul>`}`;
}

/** One person's, where the lists of professions name them all. */
function professionName(code: string, language: Member["language"]): string {
  return isProfession(code) ? professionNameTexts[code][language] : code;
}

export function practitionerName({ name }: Practitioner): string {
  const [first] = name ?? [];
  return [...(first?.prefix ?? []), nameText(name)].filter(Boolean).join(" ") || "–";
}

/** How people call those whom actors mean; the actor itself where the directory does not know it. */
export async function actorNames(
  { caller, language }: Member,
  { record }: Deps,
  actors: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const places = actors.flatMap((actor) => /@(.+)$/.exec(actor)?.[1] ?? (actor.startsWith("Organization/") ? actor.slice(13) : []));
  const people = actors.flatMap((actor) => (actor.startsWith("Practitioner/") ? actor.slice(13) : []));
  const ids = (list: readonly string[]): string => [...new Set(list)].slice(0, 50).join(",");
  const [practitioners, organizations] = await Promise.all([
    people.length === 0 ? [] : (await record.search<Practitioner>(caller, "Practitioner", { _id: ids(people), _count: "50" })).found,
    places.length === 0 ? [] : (await record.search<Organization>(caller, "Organization", { _id: ids(places), _count: "50" })).found,
  ]);
  const names = new Map<string, string>([
    ...practitioners.map((each): [string, string] => [`Practitioner/${each.id}`, practitionerName(each)]),
    ...organizations.map((each): [string, string] => [`Organization/${each.id}`, each.name ?? "–"]),
  ]);
  for (const actor of actors) {
    const [, profession, place = ""] = /^role:([a-z-]+)@(.+)$/.exec(actor) ?? [];
    if (profession === undefined) continue;
    const values = { profession: professionName(profession, language), place: names.get(`Organization/${place}`) ?? place };
    names.set(actor, fill(colleaguesTexts.role[language], values));
  }
  return names;
}
