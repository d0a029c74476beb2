import type { DiagnosticReport, Observation } from "@medplum/fhirtypes";
import { type Html, html } from "../../../lib/html.ts";
import type { Language } from "../../../lib/language.ts";
import type { Deps } from "../../deps.ts";
import { selectField, textField } from "../../layout/forms.ts";
import { instantText, monthText } from "../../layout/language.ts";
import { page } from "../../layout/page.ts";
import { layoutTexts } from "../../layout/texts.ts";
import { NoSuchPage } from "../../session/visit.ts";
import { conceptText, type Entry, entryItem, entryOf } from "../patient/entry.ts";
import { entryTexts } from "../patient/entry-texts.ts";
import { findEntries } from "../patient/find-entries.ts";
import { clinicalItem, resultLine } from "./clinical-line.ts";
import { documentTexts } from "./document-texts.ts";
import { patientBanner, type RecordVisit, readPatient, recordPath } from "./record-visit.ts";

const pageCount = 25;
const courseMax = 50;
const kinds = ["all", "document", "report", "result"] as const;
const instantPattern = /^\d{4}(-\d{2}(-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?)?)?$/;
const folders = { document: "documents", report: "reports", result: "results" } as const;

/** Everything of a record that has a date, the newest first. */
export async function documentsPage(visit: RecordVisit, { record }: Deps): Promise<Response> {
  const { caller, language, call, patientId } = visit;
  const text = (name: keyof typeof documentTexts): string => documentTexts[name][language];
  const kind = kinds.find((each) => each === call.req.query("kind")) ?? "all";
  const words = (call.req.query("words") ?? "").trim().slice(0, 100);
  const given = call.req.query("before")?.replace(" ", "+") ?? "";
  const before = instantPattern.test(given) ? given : undefined;
  const search = { patientId, kind, words, from: undefined, to: undefined, before, count: pageCount };
  const [patient, { entries, next }] = await Promise.all([readPatient(visit, record, patientId), findEntries(caller, record, search)]);
  const path = recordPath(patientId, "/documents");
  return page(visit, {
    title: text("title"),
    area: "professional",
    content: html`${patient && patientBanner(visit, patient)}
<form class="filters" method="get" action="${path}" role="search">${textField({ name: "words", label: text("words"), value: words, type: "search" })}
${selectField({ name: "kind", label: text("kind"), value: kind, choices: kinds.map((value) => ({ value, text: text(value) })) })}
<p class="actions"><button class="button">${text("search")}</button></p></form>
${entries.length === 0 ? html`<p class="empty">${text("nothing")}</p>` : timeline(entries, visit)}
${next === undefined ? undefined : html`<nav class="pager" aria-label="${layoutTexts.pages[language]}"><a class="button-secondary" href="${path}?${new URLSearchParams({ kind, words, before: next }).toString()}">${layoutTexts.older[language]}</a></nav>`}`,
  });
}

function timeline(entries: readonly Entry[], { language, patientId }: RecordVisit): Html {
  const months = Map.groupBy(entries, ({ date }) => (date === undefined ? entryTexts.noDate[language] : monthOf(date, language)));
  return html`${[...months].map(
    ([month, of]) =>
      html`<h2 class="timeline-month">${month}</h2><ul class="entries">${of.map((entry) => entryItem({ ...entry, path: recordPath(patientId, `/${folders[entry.kind]}/${entry.resource.id}`) }, language))}</ul>`,
  )}`;
}

function monthOf(date: string, language: Language): string {
  return date.length === 4 ? date : monthText(date, language);
}

/** A report with its results. */
export async function reportPage(visit: RecordVisit, { record }: Deps, id: string): Promise<Response> {
  const { caller, language, patientId } = visit;
  const text = (name: keyof typeof documentTexts): string => documentTexts[name][language];
  const query = { _id: id, patient: patientId, _include: "DiagnosticReport:result" };
  const [patient, { found, included }] = await Promise.all([
    readPatient(visit, record, patientId),
    record.search<DiagnosticReport>(caller, "DiagnosticReport", query),
  ]);
  const [report] = found;
  if (!report) throw new NoSuchPage();
  const entry = entryOf(report, language);
  const results = included.filter((resource): resource is Observation => resource.resourceType === "Observation");
  return page(visit, {
    title: entry.title,
    area: "professional",
    content: html`${patient && patientBanner(visit, patient)}<p><a href="${recordPath(patientId, "/documents")}">${text("back")}</a></p>
${factsOf(visit, report, report.conclusion === undefined ? [] : [[text("conclusion"), report.conclusion]])}
${results.length === 0 ? undefined : html`<h2>${text("results")}</h2><ul class="entries">${results.map((result) => clinicalItem({ ...resultLine(result, language), path: recordPath(patientId, `/results/${result.id}`) }, language))}</ul>`}`,
  });
}

/** One result and its course. */
export async function resultPage(visit: RecordVisit, { record }: Deps, id: string): Promise<Response> {
  const { caller, language, patientId } = visit;
  const text = (name: keyof typeof documentTexts): string => documentTexts[name][language];
  const result = await record.read<Observation>(caller, "Observation", id);
  if (result.subject?.reference !== `Patient/${patientId}`) throw new NoSuchPage();
  const code = result.code.coding?.find(({ system }) => system !== undefined);
  const query = {
    patient: patientId,
    _sort: "-date",
    _count: String(courseMax),
    ...(code ? { code: `${code.system}|${code.code}` } : { _id: id }),
  };
  const [patient, { found }] = await Promise.all([
    readPatient(visit, record, patientId),
    record.search<Observation>(caller, "Observation", query),
  ]);
  const line = resultLine(result, language);
  const notes = (result.note ?? []).map((note): [string, string] => [text("note"), note.text ?? ""]);
  const value = [line.value, line.warning === "" ? "" : `(${line.warning})`].filter(Boolean).join(" ");
  return page(visit, {
    title: conceptText(result.code) || text("value"),
    area: "professional",
    content: html`${patient && patientBanner(visit, patient)}<p><a href="${recordPath(patientId, "/documents")}">${text("back")}</a></p>
${factsOf(visit, result, [[text("value"), value || "–"], [text("facts"), line.facts.filter(Boolean).join(" · ")], ...notes])}
${found.length < 2 ? undefined : html`<h2>${text("course")}</h2><ul class="entries">${found.map((each) => clinicalItem({ ...resultLine(each, language), path: recordPath(patientId, `/results/${each.id}`) }, language))}</ul>`}`,
  });
}

function factsOf({ language }: RecordVisit, resource: DiagnosticReport | Observation, more: readonly [string, string][]): Html {
  const text = (name: keyof typeof documentTexts): string => documentTexts[name][language];
  const authors = (resource.performer ?? []).flatMap(({ display }) => display ?? []).join(", ");
  const rows = [[text("date"), instantText(entryOf(resource, language).date, language) || "–"], [text("author"), authors || "–"], ...more];
  return html`<dl class="facts">${rows.map(([name = "", value = ""]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;
}
