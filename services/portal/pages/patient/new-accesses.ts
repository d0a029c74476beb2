import { type Html, html } from "../../../lib/html.ts";
import type { Deps } from "../../deps.ts";
import { fill, instantText } from "../../layout/language.ts";
import type { PatientVisit } from "../../session/visit.ts";
import { type Access, findEvents, isOwn, together } from "./accesses.ts";
import { newAccessesTexts } from "./new-accesses-texts.ts";

/** How far back somebody is told who has never looked at the log. */
const firstDays = 30;
const shownMax = 3;

/** What others did since the patient last looked at the log, newest first. */
export async function newAccesses(visit: PatientVisit, { record, seenAccesses }: Deps): Promise<Access[]> {
  const since = (await seenAccesses.until(visit.context)) ?? new Date(Date.now() - firstDays * 86_400_000);
  const query = { patient: visit.patientId, _count: "100", date: [`gt${since.toISOString()}`] };
  const { found } = await findEvents(visit, record, query, undefined, (event) => !isOwn(event, visit));
  return together(found);
}

/** The notice on the overview; undefined where nobody looked. */
export function newAccessesNotice({ language }: PatientVisit, accesses: readonly Access[]): Html | undefined {
  if (accesses.length === 0) return undefined;
  const text = (name: keyof typeof newAccessesTexts): string => newAccessesTexts[name][language];
  const line = ({ event, lines }: Access): Html =>
    html`<li><time datetime="${event.recorded}">${instantText(event.recorded, language)}</time>: ${lines[0]?.sentence}</li>`;
  const more = accesses.length - shownMax;
  return html`<section class="notice"><h2>${text("heading")}</h2><ul>${accesses.slice(0, shownMax).map(line)}</ul>${more > 0 ? html`<p>${fill(text(more === 1 ? "oneMore" : "more"), { count: more })}</p>` : undefined}<p><a href="/portal/patient/accesses">${text("link")}</a></p></section>`;
}
