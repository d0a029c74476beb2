import type { AuditEvent, Task } from "@medplum/fhirtypes";
import type { Deps } from "../../deps.ts";
import { selectField, textField } from "../../layout/forms.ts";
import { type Html, html } from "../../layout/html.ts";
import { dateText, fill, instantText, type Language } from "../../layout/language.ts";
import { page } from "../../layout/page.ts";
import { layoutTexts } from "../../layout/texts.ts";
import type { PatientVisit } from "../../session/visit.ts";
import { accessesTexts } from "./accesses-texts.ts";
import { complaintCode } from "./complaint.ts";

const shows = ["others", "everything", "refused"] as const;
const pageCount = 100;
/** Accesses of one person with one sentence are one entry when no more lies between them. */
const togetherMs = 30 * 60_000;

/** One line: one or several accesses that say the same. */
export interface AccessLine {
  event: AuditEvent;
  sentence: string;
  count: number;
}

/** Who looked, in plain words. */
export async function accessesPage(visit: PatientVisit, { record }: Deps): Promise<Response> {
  const { caller, language, call, patientId } = visit;
  const text = (name: keyof typeof accessesTexts): string => accessesTexts[name][language];
  const show = shows.find((each) => each === call.req.query("show")) ?? "others";
  const [from, to, at] = [day(call.req.query("from")), day(call.req.query("to")), call.req.query("at")];
  const query = {
    ...{ patient: patientId, _count: String(pageCount), date: [...(from ? [`ge${from}`] : []), ...(to ? [`le${to}`] : [])] },
    ...(show === "refused" ? { outcome: "8" } : {}),
  };
  const [log, reports] = await Promise.all([
    record.accessLog(caller, query, at),
    record.search<Task>(caller, "Task", { patient: patientId, code: `${complaintCode.system}|${complaintCode.code}`, _count: "20" }),
  ]);
  const lines = together(show === "others" ? log.found.filter((event) => !isOwn(event, visit)) : log.found);
  const older = new URLSearchParams([["show", show], ...(log.next === undefined ? [] : [["at", log.next]])]);
  return page(visit, {
    title: text("title"),
    area: "patient",
    notice: call.req.query("done") === "reported" ? html`<p>${text("reported")}</p>` : undefined,
    content: html`<p class="lead">${text("lead")}</p>
${filters(language, show, from, to)}
${lines.length === 0 ? html`<p class="empty">${log.next === undefined ? text("nothing") : text("nothingYet")}</p>` : html`<ul class="entries">${lines.map((line) => item(line, visit))}</ul>`}
${log.next === undefined && at === undefined ? undefined : html`<nav class="pager" aria-label="${layoutTexts.pages[language]}">${at === undefined ? undefined : html`<a class="button-secondary" href="/portal/patient/accesses?show=${show}">${layoutTexts.newer[language]}</a>`}${log.next === undefined ? undefined : html`<a class="button-secondary" href="/portal/patient/accesses?${older.toString()}">${layoutTexts.older[language]}</a>`}</nav>`}
${reports.found.length === 0 ? undefined : html`<h2>${text("reports")}</h2><ul class="entries">${reports.found.map((task) => reportItem(task, language))}</ul>`}`,
  });
}

function day(value: string | undefined): string | undefined {
  return value !== undefined && /^\d{4}-\d{2}-\d{2}$/.test(value) ? value : undefined;
}

function filters(language: Language, show: string, from: string | undefined, to: string | undefined): Html {
  const text = (name: keyof typeof accessesTexts): string => accessesTexts[name][language];
  const optional = layoutTexts.optional[language];
  return html`<form class="filters" method="get" action="/portal/patient/accesses">
${selectField({ name: "show", label: text("show"), value: show, choices: shows.map((value) => ({ value, text: text(value) })) })}
${textField({ name: "from", label: text("from"), value: from, type: "date", optional })}
${textField({ name: "to", label: text("to"), value: to, type: "date", optional })}
<p class="actions"><button class="button">${text("filter")}</button></p></form>`;
}

/** The requesting agent's account is the reader's own. */
function isOwn({ agent }: AuditEvent, { principal }: PatientVisit): boolean {
  return agent.find(({ requestor }) => requestor)?.who?.identifier?.value === principal.subject;
}

/** The record's own sentence, without its markup. */
export function sentenceOf({ text }: AuditEvent): string {
  const entities: Readonly<Record<string, string>> = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'" };
  return (text?.div ?? "").replace(/<[^>]*>/g, "").replace(/&(?:amp|lt|gt|quot|#39);/g, (entity) => entities[entity] ?? entity);
}

/** Events as lines, in their order (newest first): what repeats itself within half an hour is one. */
export function together(events: readonly AuditEvent[]): AccessLine[] {
  const lines: (AccessLine & { oldestMs: number })[] = [];
  for (const event of events) {
    const sentence = sentenceOf(event);
    const atMs = Date.parse(event.recorded);
    const line = lines.find((each) => each.sentence === sentence && each.oldestMs - atMs <= togetherMs);
    if (line) {
      line.count++;
      line.oldestMs = atMs;
    } else lines.push({ event, sentence, count: 1, oldestMs: atMs });
  }
  return lines.map(({ event, sentence, count }) => ({ event, sentence, count }));
}

function item({ event, sentence, count }: AccessLine, visit: PatientVisit): Html {
  const { language } = visit;
  const text = (name: keyof typeof accessesTexts): string => accessesTexts[name][language];
  const tag = event.purposeOfEvent ? text("emergency") : event.outcome === "8" ? text("wasRefused") : undefined;
  const times = count > 1 ? ` · ${fill(text("times"), { count })}` : "";
  return html`<li><div class="entry"><p>${sentence}</p><p class="soft small"><time datetime="${event.recorded}">${instantText(event.recorded, language)}</time>${times}</p></div>${tag === undefined ? undefined : html`<span class="tag tag-warning">${tag}</span>`}${isOwn(event, visit) ? undefined : html`<a class="button-secondary" href="/portal/patient/accesses/${event.id}/report">${text("report")} <span class="hidden">${sentence}</span></a>`}</li>`;
}

function reportItem({ authoredOn, status, reasonCode, note }: Task, language: Language): Html {
  const text = (name: keyof typeof accessesTexts): string => accessesTexts[name][language];
  const state = status === "requested" ? text("requested") : status === "completed" ? text("completed") : text("inProgress");
  return html`<li><div class="entry"><p>${reasonCode?.text ?? ""}</p>${note?.map((each) => html`<p><strong>${each.text}</strong></p>`)}<p class="soft small">${dateText(authoredOn, language)} · ${state}</p></div></li>`;
}
