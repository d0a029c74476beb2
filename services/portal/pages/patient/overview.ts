import type { Communication, HumanName, Patient } from "@medplum/fhirtypes";
import { type Html, html } from "../../../lib/html.ts";
import type { Deps } from "../../deps.ts";
import { fill, instantText } from "../../layout/language.ts";
import { page } from "../../layout/page.ts";
import { isSelf, type PatientVisit } from "../../session/visit.ts";
import { activeConsents, kindOf } from "./consent.ts";
import { entryItem } from "./entry.ts";
import { findEntries } from "./find-entries.ts";
import { newAccesses, newAccessesNotice } from "./new-accesses.ts";
import { overviewTexts } from "./overview-texts.ts";

const newestCount = 5;
/** For so long the overview tells of an emergency access. */
const noticeDays = 30;

/** The first two are for those too who act for a patient. */
const tiles = [
  { path: "/portal/patient/documents", title: "documents", why: "documentsWhy" },
  { path: "/portal/patient/summary", title: "summary", why: "summaryWhy" },
  { path: "/portal/patient/upload", title: "upload", why: "uploadWhy" },
  { path: "/portal/patient/accesses", title: "accesses", why: "accessesWhy" },
  { path: "/portal/patient/rights", title: "rights", why: "rightsWhy" },
  { path: "/portal/patient/record", title: "record", why: "recordWhy" },
] as const;

/** Where a patient begins: what is new, and the way to everything. */
export async function overviewPage(visit: PatientVisit, deps: Deps): Promise<Response> {
  const { record } = deps;
  const { caller, language, patientId } = visit;
  const text = (name: keyof typeof overviewTexts): string => overviewTexts[name][language];
  const since = new Date(Date.now() - noticeDays * 86_400_000).toISOString();
  const [patient, consents, { entries }, notices, accesses] = await Promise.all([
    record.read<Patient>(caller, "Patient", patientId),
    activeConsents(caller, record, patientId),
    findEntries(caller, record, {
      patientId,
      kind: "all",
      words: "",
      from: undefined,
      to: undefined,
      before: undefined,
      count: newestCount,
    }),
    record.search<Communication>(caller, "Communication", {
      patient: patientId,
      category: "urn:dsp:notice|break-glass",
      // The patient's own notice: each general practitioner has one, too.
      recipient: `Patient/${patientId}`,
      sent: `ge${since}`,
    }),
    isSelf(visit) ? newAccesses(visit, deps) : [],
  ]);
  return page(visit, {
    title: greeting(visit, patient),
    area: "patient",
    content: html`${consents.some((consent) => kindOf(consent) === "closed") ? html`<p class="notice notice-warning">${text("closed")} <a href="/portal/patient/record">${text("closedLink")}</a></p>` : undefined}
${notices.found.map((notice) => emergencyNotice(visit, notice))}
${newAccessesNotice(visit, accesses)}
<ul class="tiles">${tiles.slice(0, isSelf(visit) ? tiles.length : 2).map(({ path, title, why }) => html`<li><a class="tile" href="${path}"><strong>${text(title)}</strong><span>${text(why)}</span></a></li>`)}</ul>
<h2>${text("newest")}</h2>
${
  entries.length === 0
    ? html`<p class="empty">${text("noDocuments")}</p>`
    : html`<ul class="entries">${entries.slice(0, newestCount).map((entry) => entryItem(entry, language))}</ul><p><a href="/portal/patient/documents">${text("all")}</a></p>`
}`,
  });
}

function greeting(visit: PatientVisit, { name }: Patient): string {
  const { language } = visit;
  const known = nameText(name);
  if (known === "") return overviewTexts.titleNameless[language];
  return fill((isSelf(visit) ? overviewTexts.title : overviewTexts.titleOther)[language], { name: known });
}

export function nameText(names: readonly HumanName[] | undefined): string {
  const name = names?.find(({ use }) => use === "official") ?? names?.[0];
  return name?.text ?? [...(name?.given ?? []), name?.family].filter(Boolean).join(" ");
}

function emergencyNotice({ language }: PatientVisit, { sent, reasonCode }: Communication): Html {
  const values = { when: instantText(sent, language), why: reasonCode?.[0]?.text ?? "–" };
  return html`<section class="notice notice-warning"><h2>${overviewTexts.emergencyHeading[language]}</h2><p>${fill(overviewTexts.emergency[language], values)}</p><p><a href="/portal/patient/accesses">${overviewTexts.emergencyLink[language]}</a></p></section>`;
}
