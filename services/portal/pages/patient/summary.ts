import type { Composition, Patient } from "@medplum/fhirtypes";
import { html } from "../../../lib/html.ts";
import type { Deps } from "../../deps.ts";
import { dateText, fill, instantText } from "../../layout/language.ts";
import { narrativeHtml, withoutEmptyColumns } from "../../layout/narrative.ts";
import { page } from "../../layout/page.ts";
import type { PatientVisit } from "../../session/visit.ts";
import { nameText } from "./overview.ts";
import { summaryTexts } from "./summary-texts.ts";

/** The International Patient Summary, to read and to print. */
export async function summaryPage(visit: PatientVisit, { record }: Deps): Promise<Response> {
  const { caller, language, patientId } = visit;
  const text = (name: keyof typeof summaryTexts): string => summaryTexts[name][language];
  const resources = ((await record.summary(caller, patientId)).entry ?? []).flatMap(({ resource }) => resource ?? []);
  const composition = resources.find((resource): resource is Composition => resource.resourceType === "Composition");
  const patient = resources.find((resource): resource is Patient => resource.resourceType === "Patient");
  const name = nameText(patient?.name);
  const number = patient?.identifier?.find(({ system }) => system === "urn:dsp:national-number")?.value;
  return page(visit, {
    title: name === "" ? text("titleNameless") : fill(text("title"), { name }),
    area: "patient",
    content: html`<p class="lead no-print">${text("lead")}</p>
<p class="actions no-print"><button type="button" class="button" data-print hidden>${text("print")}</button><a class="button-secondary" href="/portal/patient/summary/download" download>${text("download")}</a></p>
<dl class="facts"><dt>${text("born")}</dt><dd>${dateText(patient?.birthDate, language) || "–"}</dd>${number === undefined ? undefined : html`<dt>${text("number")}</dt><dd>${number}</dd>`}</dl>
${(composition?.section ?? []).map(
  (section) =>
    html`<section><h2>${section.title ?? ""}</h2><div class="table-frame" tabindex="0" role="region" aria-label="${section.title ?? ""}"><div class="narrative">${narrativeHtml(withoutEmptyColumns(section.text?.div ?? ""))}</div></div></section>`,
)}
<p class="soft small">${fill(text("made"), { when: instantText(composition?.date, language) })}</p>`,
  });
}

/** For a practice's software. */
export async function downloadSummary({ caller, patientId }: PatientVisit, { record }: Deps): Promise<Response> {
  return new Response(JSON.stringify(await record.summary(caller, patientId), undefined, 2), {
    headers: {
      "Content-Type": "application/fhir+json; charset=utf-8",
      "Content-Disposition": 'attachment; filename="patient-summary.json"',
    },
  });
}
