import { type Html, html } from "../../../lib/html.ts";
import type { Language } from "../../../lib/language.ts";
import type { Deps } from "../../deps.ts";
import { selectField, textField } from "../../layout/forms.ts";
import { monthText } from "../../layout/language.ts";
import { page } from "../../layout/page.ts";
import { layoutTexts } from "../../layout/texts.ts";
import { isSelf, type PatientVisit } from "../../session/visit.ts";
import { documentsTexts } from "./documents-texts.ts";
import { type Entry, entryItem } from "./entry.ts";
import { entryTexts } from "./entry-texts.ts";
import { type EntrySearch, findEntries } from "./find-entries.ts";

const pageCount = 25;
const kinds = ["all", "document", "report", "result"] as const;
const dayPattern = /^\d{4}-\d{2}-\d{2}$/;
const instantPattern = /^\d{4}(-\d{2}(-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?)?)?$/;

/** Everything that has a date, the newest first, month by month. */
export async function documentsPage(visit: PatientVisit, { record }: Deps): Promise<Response> {
  const { caller, language, call } = visit;
  const text = (name: keyof typeof documentsTexts): string => documentsTexts[name][language];
  const search = searchOf(visit);
  const { entries, next } = await findEntries(caller, record, search);
  const done = call.req.query("done");
  return page(visit, {
    title: text("title"),
    area: "patient",
    notice: done === "added" || done === "removed" ? html`<p>${text(done)}</p>` : undefined,
    content: html`${filters(language, search)}
${isSelf(visit) ? html`<p><a class="button-secondary" href="/portal/patient/upload">${text("add")}</a></p>` : undefined}
${entries.length === 0 ? html`<p class="empty">${text("nothing")}</p>` : timeline(entries, language)}
${pager(visit, search, next)}`,
  });
}

function searchOf({ call, patientId }: PatientVisit): EntrySearch {
  const query = (name: string, pattern: RegExp): string | undefined => {
    const value = call.req.query(name)?.replace(" ", "+");
    return value !== undefined && pattern.test(value) ? value : undefined;
  };
  return {
    patientId,
    kind: kinds.find((kind) => kind === call.req.query("kind")) ?? "all",
    words: (call.req.query("words") ?? "").trim().slice(0, 100),
    from: query("from", dayPattern),
    to: query("to", dayPattern),
    before: query("before", instantPattern),
    count: pageCount,
  };
}

function filters(language: Language, { kind, words, from, to }: EntrySearch): Html {
  const text = (name: keyof typeof documentsTexts): string => documentsTexts[name][language];
  const filtered = kind !== "all" || words !== "" || from !== undefined || to !== undefined;
  return html`<form class="filters" method="get" action="/portal/patient/documents" role="search" aria-label="${text("filters")}">
${textField({ name: "words", label: text("words"), value: words, type: "search" })}
${selectField({ name: "kind", label: text("kind"), value: kind, choices: kinds.map((value) => ({ value, text: text(value) })) })}
${textField({ name: "from", label: text("from"), value: from, type: "date", optional: layoutTexts.optional[language] })}
${textField({ name: "to", label: text("to"), value: to, type: "date", optional: layoutTexts.optional[language] })}
<p class="actions"><button class="button">${text("search")}</button>${filtered ? html`<a href="/portal/patient/documents">${text("reset")}</a>` : undefined}</p>
</form>`;
}

function timeline(entries: readonly Entry[], language: Language): Html {
  const months = Map.groupBy(entries, ({ date }) => (date === undefined ? entryTexts.noDate[language] : monthOf(date, language)));
  return html`${[...months].map(
    ([month, of]) =>
      html`<h2 class="timeline-month">${month}</h2><ul class="entries">${of.map((entry) => entryItem(entry, language))}</ul>`,
  )}`;
}

function monthOf(date: string, language: Language): string {
  return date.length === 4 ? date : monthText(date, language);
}

function pager({ language }: PatientVisit, { kind, words, from, to, before }: EntrySearch, next: string | undefined): Html | undefined {
  if (next === undefined && before === undefined) return undefined;
  const given = Object.entries({ kind, words, from, to }).flatMap(([name, value]): [string, string][] => (value ? [[name, value]] : []));
  const newest = new URLSearchParams(given);
  const older = new URLSearchParams([...given, ...(next === undefined ? [] : [["before", next] as [string, string]])]);
  return html`<nav class="pager" aria-label="${layoutTexts.pages[language]}">${before === undefined ? undefined : html`<a class="button-secondary" href="/portal/patient/documents?${newest.toString()}">${layoutTexts.newer[language]}</a>`}${next === undefined ? undefined : html`<a class="button-secondary" href="/portal/patient/documents?${older.toString()}">${layoutTexts.older[language]}</a>`}</nav>`;
}
