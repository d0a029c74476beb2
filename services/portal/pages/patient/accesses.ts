import type { AuditEvent, Task } from "@medplum/fhirtypes";
import { type Html, html } from "../../../lib/html.ts";
import type { Language } from "../../../lib/language.ts";
import type { Query } from "../../clients/fhir-client.ts";
import type { RecordClient } from "../../clients/record.ts";
import type { Deps } from "../../deps.ts";
import { selectField, textField } from "../../layout/forms.ts";
import { dateText, fill, instantText } from "../../layout/language.ts";
import { page } from "../../layout/page.ts";
import { layoutTexts } from "../../layout/texts.ts";
import type { PatientVisit } from "../../session/visit.ts";
import { accessesTexts } from "./accesses-texts.ts";
import { complaintCode } from "./complaint.ts";

const shows = ["others", "everything", "refused"] as const;
const pageCount = 100;
/** Pages that are looked through for others than the reader, and how many of them are enough. */
const pagesMax = 5;
const enough = 20;
/** What one account does without a longer pause is shown as one. */
const togetherMs = 30 * 60_000;

/** What one account did in one go. */
export interface Access {
  /** The newest. */
  event: AuditEvent;
  lines: { sentence: string; count: number }[];
  oldestMs: number;
  refused?: boolean;
  emergency?: boolean;
}

/** Who looked, in plain words. */
export async function accessesPage(visit: PatientVisit, { record, seenAccesses }: Deps): Promise<Response> {
  const { caller, context, language, call, patientId } = visit;
  const now = new Date();
  const text = (name: keyof typeof accessesTexts): string => accessesTexts[name][language];
  const show = shows.find((each) => each === call.req.query("show")) ?? "others";
  const [from, to, at] = [day(call.req.query("from")), day(call.req.query("to")), call.req.query("at")];
  const query = {
    ...{ patient: patientId, _count: String(pageCount), date: [...(from ? [`ge${from}`] : []), ...(to ? [`le${to}`] : [])] },
    ...(show === "refused" ? { outcome: "8" } : {}),
  };
  const isShown = (event: AuditEvent): boolean => show !== "others" || !isOwn(event, visit);
  const [log, reports] = await Promise.all([
    findEvents(visit, record, query, at, isShown),
    record.search<Task>(caller, "Task", { patient: patientId, code: `${complaintCode.system}|${complaintCode.code}`, _count: "20" }),
  ]);
  // The newest of others are on the page. It does not wait for the database to note that; not noted, they are told of once more.
  if (show !== "refused" && !from && !to && !at)
    seenAccesses.save(context, now).catch((error: unknown) => context.log.warn({ error }, "not noted as seen"));
  const lines = together(log.found);
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

/** A page's worth of those that are shown, or what the first pages have of them. */
export async function findEvents(
  { caller }: PatientVisit,
  record: RecordClient,
  query: Query,
  at: string | undefined,
  isShown: (event: AuditEvent) => boolean,
): Promise<{ found: AuditEvent[]; next: string | undefined }> {
  const found: AuditEvent[] = [];
  let next = at;
  for (let page = 0; page < pagesMax; page++) {
    const part = await record.accessLog(caller, query, next);
    found.push(...part.found.filter(isShown));
    next = part.next;
    if (next === undefined || found.length >= enough) break;
  }
  return { found, next };
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

export function isOwn(event: AuditEvent, { principal }: PatientVisit): boolean {
  return accountOf(event) === principal.subject;
}

/** The record's own sentence, without its markup. */
export function sentenceOf({ text }: AuditEvent): string {
  const entities: Readonly<Record<string, string>> = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'" };
  return (text?.div ?? "").replace(/<[^>]*>/g, "").replace(/&(?:amp|lt|gt|quot|#39);/g, (entity) => entities[entity] ?? entity);
}

/** Events as visits, in their order (newest first): what one account did without a pause of half an hour is one. */
export function together(events: readonly AuditEvent[]): Access[] {
  const visits: Access[] = [];
  for (const event of events) {
    const [sentence, atMs, account] = [sentenceOf(event), Date.parse(event.recorded), accountOf(event)];
    const known = visits.find((each) => accountOf(each.event) === account && each.oldestMs - atMs <= togetherMs);
    const visit = known ?? { event, lines: [], oldestMs: atMs };
    if (!known) visits.push(visit);
    visit.oldestMs = atMs;
    const line = visit.lines.find((each) => each.sentence === sentence);
    if (line) line.count++;
    else visit.lines.push({ sentence, count: 1 });
    if (event.outcome === "8") visit.refused = true;
    if (event.purposeOfEvent?.some(({ coding }) => coding?.some(({ code }) => code === "ETREAT"))) visit.emergency = true;
  }
  return visits;
}

function accountOf({ agent }: AuditEvent): string | undefined {
  return agent?.find(({ requestor }) => requestor)?.who?.identifier?.value;
}

function item(access: Access, visit: PatientVisit): Html {
  const { event, lines, refused, emergency } = access;
  const { language } = visit;
  const text = (name: keyof typeof accessesTexts): string => accessesTexts[name][language];
  const tags = [...(emergency ? [text("emergency")] : []), ...(refused ? [text("wasRefused")] : [])];
  const line = ({ sentence, count }: Access["lines"][number]): Html =>
    html`<p>${sentence}${count > 1 ? html` <span class="soft small">(${fill(text("times"), { count })})</span>` : undefined}</p>`;
  const report = html`<a class="button-secondary" href="/portal/patient/accesses/${event.id}/report">${text("report")} <span class="hidden">${lines[0]?.sentence}</span></a>`;
  return html`<li><div class="entry"><p class="soft small"><time datetime="${event.recorded}">${instantText(event.recorded, language)}</time></p>${lines.map(line)}</div>${tags.map((tag) => html`<span class="tag tag-warning">${tag}</span>`)}${isOwn(event, visit) ? undefined : report}</li>`;
}

function reportItem({ authoredOn, status, reasonCode, note }: Task, language: Language): Html {
  const text = (name: keyof typeof accessesTexts): string => accessesTexts[name][language];
  const state = status === "requested" ? text("requested") : status === "completed" ? text("completed") : text("inProgress");
  return html`<li><div class="entry"><p>${reasonCode?.text ?? ""}</p>${note?.map((each) => html`<p><strong>${each.text}</strong></p>`)}<p class="soft small">${dateText(authoredOn, language)} · ${state}</p></div></li>`;
}
