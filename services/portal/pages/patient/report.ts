import type { DiagnosticReport, Observation } from "@medplum/fhirtypes";
import { type Html, html } from "../../../lib/html.ts";
import type { Language } from "../../../lib/language.ts";
import type { Deps } from "../../deps.ts";
import { dateText, instantText } from "../../layout/language.ts";
import { page } from "../../layout/page.ts";
import type { PatientVisit } from "../../session/visit.ts";
import { documentTexts } from "./document-texts.ts";
import { entryItem, entryOf, rangeText, valueText } from "./entry.ts";
import { visibilityForm } from "./visibility.ts";

/** Results of the same kind that are shown beside one. */
const courseMax = 50;

/** A report with its results. */
export async function reportPage(visit: PatientVisit, { record }: Deps): Promise<Response> {
  const { caller, language, call, patientId } = visit;
  const text = (name: keyof typeof documentTexts): string => documentTexts[name][language];
  const query = { _id: call.req.param("id") ?? "", patient: patientId, _include: "DiagnosticReport:result" };
  const { found, included } = await record.search<DiagnosticReport>(caller, "DiagnosticReport", query);
  const report = found[0] ?? (await record.read<DiagnosticReport>(caller, "DiagnosticReport", call.req.param("id") ?? ""));
  const entry = entryOf(report, language);
  const results = included.filter((resource): resource is Observation => resource.resourceType === "Observation");
  return page(visit, {
    title: entry.title,
    area: "patient",
    notice: call.req.query("done") === "saved" ? html`<p>${text("saved")}</p>` : undefined,
    content: html`<p class="no-print"><a href="/portal/patient/documents">${text("back")}</a></p>
${facts(language, entry.date, performers(report), [report.conclusion === undefined ? undefined : [text("conclusion"), report.conclusion]])}
${results.length === 0 ? undefined : html`<h2>${text("results")}</h2><ul class="entries">${results.map((result) => entryItem(entryOf(result, language), language))}</ul>`}
${visibilityForm(visit, report, `/portal/patient/reports/${report.id}/visibility`)}`,
  });
}

/** One result and its course. */
export async function resultPage(visit: PatientVisit, { record }: Deps): Promise<Response> {
  const { caller, language, call, patientId } = visit;
  const text = (name: keyof typeof documentTexts): string => documentTexts[name][language];
  const result = await record.read<Observation>(caller, "Observation", call.req.param("id") ?? "");
  const code = result.code.coding?.find(({ system }) => system !== undefined);
  const { found } = code
    ? await record.search<Observation>(caller, "Observation", {
        ...{ patient: patientId, code: `${code.system}|${code.code}`, _sort: "-date", _count: String(courseMax) },
      })
    : { found: [] };
  const course = found.filter(({ id }) => id !== result.id);
  const entry = entryOf(result, language);
  const notes = (result.note ?? []).map((note): [string, string] => [text("note"), note.text ?? ""]);
  return page(visit, {
    title: entry.title,
    area: "patient",
    notice: call.req.query("done") === "saved" ? html`<p>${text("saved")}</p>` : undefined,
    content: html`<p class="no-print"><a href="/portal/patient/documents">${text("back")}</a></p>
${facts(language, entry.date, performers(result), [[text("value"), entry.value || "–"], range(result, language, text("reference")), ...notes])}
${course.length === 0 ? undefined : courseTable(course, language, text)}
${visibilityForm(visit, result, `/portal/patient/results/${result.id}/visibility`)}`,
  });
}

function performers({ performer }: DiagnosticReport | Observation): string {
  return (performer ?? []).flatMap(({ display }) => display ?? []).join(", ");
}

function facts(language: Language, date: string | undefined, author: string, more: readonly ([string, string] | undefined)[]): Html {
  const rows = [
    [documentTexts.date[language], instantText(date, language) || "–"],
    [documentTexts.author[language], author || "–"],
    ...more,
  ];
  return html`<dl class="facts">${rows.map((row) => row && html`<dt>${row[0]}</dt><dd>${row[1]}</dd>`)}</dl>`;
}

function range(observation: Observation, language: Language, name: string): [string, string] | undefined {
  const range = rangeText(observation, (bound) => valueText({ valueQuantity: bound } as Observation, language));
  return range === "" ? undefined : [name, range];
}

function courseTable(course: readonly Observation[], language: Language, text: (name: keyof typeof documentTexts) => string): Html {
  const row = (result: Observation): Html => {
    const { date, value, path } = entryOf(result, language);
    return html`<tr><th scope="row"><a href="${path}">${dateText(date, language)}</a></th><td>${value}</td></tr>`;
  };
  return html`<h2>${text("course")}</h2><div class="table-frame" tabindex="0" role="region" aria-label="${text("course")}"><table><thead><tr><th scope="col">${text("date")}</th><th scope="col">${text("value")}</th></tr></thead><tbody>${course.map(row)}</tbody></table></div>`;
}
