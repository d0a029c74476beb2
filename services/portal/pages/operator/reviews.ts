import type { AuditEvent, Task } from "@medplum/fhirtypes";
import { type Content, type Html, html } from "../../../lib/html.ts";
import type { Language } from "../../../lib/language.ts";
import type { Deps } from "../../deps.ts";
import { choiceField, form, type Problems, textArea } from "../../layout/forms.ts";
import { instantText } from "../../layout/language.ts";
import { page } from "../../layout/page.ts";
import { professionText } from "../../layout/professions.ts";
import { redirectAfterForm } from "../../layout/redirect.ts";
import { layoutTexts } from "../../layout/texts.ts";
import { readForm } from "../../session/form.ts";
import { type Member, NoSuchPage } from "../../session/visit.ts";
import { reviewsTexts } from "./reviews-texts.ts";

type Say = (name: keyof typeof reviewsTexts) => string;

const textMax = 2000;
const taskId = /^[A-Za-z0-9\-.]{1,64}$/;

/** What is to be examined, or what was. */
export async function reviewsPage(visit: Member, deps: Deps): Promise<Response> {
  const { language, caller, call } = visit;
  const text: Say = (name) => reviewsTexts[name][language];
  const status = call.req.query("show") === "done" ? "done" : "open";
  const { tasks, next } = await deps.oversight.reviews(caller, status, call.req.query("at"));
  const nothing = status === "open" ? text("nothingOpen") : text("nothingDone");
  const older = new URLSearchParams({ show: status, at: next ?? "" });
  return page(visit, {
    title: text("title"),
    area: "operator",
    content: html`<p class="lead">${text("lead")}</p>
<nav class="switch" aria-label="${text("show")}"><ul>${(["open", "done"] as const).map((each) => html`<li><a class="button-secondary" href="/portal/operator/reviews?show=${each}"${each === status ? html` aria-current="page"` : undefined}>${text(each)}</a></li>`)}</ul></nav>
${tasks.length === 0 ? html`<p class="empty">${nothing}</p>` : html`<ul class="entries">${tasks.map((task) => item(task, visit))}</ul>`}
${next === undefined ? undefined : html`<nav class="pager" aria-label="${layoutTexts.pages[language]}"><a class="button-secondary" href="/portal/operator/reviews?${older.toString()}">${layoutTexts.older[language]}</a></nav>`}`,
  });
}

function item(task: Task, { language }: Member): Html {
  const text: Say = (name) => reviewsTexts[name][language];
  return html`<li><div class="entry"><a class="entry-title" href="/portal/operator/reviews/${task.id}">${titleOf(task, text)}</a><p>${task.reasonCode?.text ?? ""}</p><p class="soft small">${instantText(task.authoredOn, language)}</p></div>${stateTag(task, text)}</li>`;
}

function titleOf({ code }: Task, text: Say): string {
  return code?.coding?.some((coding) => coding.code === "break-glass-review") ? text("emergency") : text("complaint");
}

function stateTag({ status }: Task, text: Say): Html {
  const state = isDone({ status }) ? "completed" : status === "requested" ? "requested" : "inProgress";
  return html`<span class="tag${state === "requested" ? " tag-warning" : ""}">${text(state)}</span>`;
}

function isDone({ status }: Pick<Task, "status">): boolean {
  return status === "completed" || status === "rejected" || status === "cancelled";
}

export async function reviewPage(visit: Member, deps: Deps): Promise<Response> {
  const { text } = await deps.drafts.find(visit.context, draftOf(idOf(visit)));
  return await show(visit, deps, { value: text ?? "", problems: {} });
}

function idOf({ call }: Member): string {
  const id = call.req.param("id") ?? "";
  if (!taskId.test(id)) throw new NoSuchPage();
  return id;
}

function draftOf(id: string): string {
  return `review-${id}`;
}

interface Typed {
  value: string;
  next?: string;
  problems: Problems;
  key?: string;
}

async function show(visit: Member, deps: Deps, typed: Typed): Promise<Response> {
  const { language, caller, call } = visit;
  const text: Say = (name) => reviewsTexts[name][language];
  const { task, event } = await deps.oversight.review(caller, idOf(visit));
  const notes = task.note ?? [];
  return page(visit, {
    title: titleOf(task, text),
    area: "operator",
    status: Object.keys(typed.problems).length > 0 ? 422 : 200,
    notice: call.req.query("done") === "sent" ? html`<p>${text("sent")}</p>` : undefined,
    content: html`<p class="no-print"><a href="/portal/operator/reviews">${text("back")}</a></p>
${taskFacts(task, visit)}
${task.focus === undefined ? undefined : html`<h2>${text("access")}</h2>${event ? eventFacts(event, visit) : html`<p class="empty">${text("noEvent")}</p>`}`}
${notes.length === 0 ? undefined : html`<h2>${text("answers")}</h2><ul class="entries">${notes.map((note) => html`<li><div class="entry"><p class="said">${note.text}</p><p class="soft small">${instantText(note.time, language)}${note.authorString === undefined ? undefined : ` · ${note.authorString}`}</p></div></li>`)}</ul>`}
${isDone(task) ? undefined : answerForm(visit, typed)}`,
  });
}

function facts(rows: readonly (readonly [string, Content])[]): Html {
  return html`<dl class="facts">${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;
}

function taskFacts(task: Task, { language }: Member): Html {
  const text: Say = (name) => reviewsTexts[name][language];
  const until = task.restriction?.period?.end;
  return facts([
    [text("date"), instantText(task.authoredOn, language)],
    [text("state"), stateTag(task, text)],
    [text("why"), html`<span class="said">${task.reasonCode?.text ?? "–"}</span>`],
    [text("by"), task.requester?.display ?? task.requester?.reference ?? "–"],
    [text("patient"), task.for?.reference ?? "–"],
    ...(until === undefined ? [] : ([[text("until"), instantText(until, language)]] as const)),
  ]);
}

/** Who, when, and whether it was allowed. The resource that was seen is not told: its kind alone may say much. */
function eventFacts(event: AuditEvent, { language }: Member): Html {
  const text: Say = (name) => reviewsTexts[name][language];
  const who = event.agent?.find(({ requestor }) => requestor);
  const software = event.agent?.find(({ requestor }) => !requestor)?.who?.identifier?.value;
  const code = event.subtype?.[0]?.code ?? "";
  const kind = code === "operation" ? "operates" : code === "search-type" ? "searches" : /read|history/.test(code) ? "reads" : "writes";
  return facts([
    [text("who"), who?.who?.display ?? who?.who?.identifier?.value ?? "–"],
    [text("group"), groupOf(who?.role?.[0]?.text ?? "–", language)],
    [text("when"), instantText(event.recorded, language)],
    [text("kind"), text(kind)],
    [text("result"), text(event.outcome === "8" ? "refused" : "granted")],
    [text("software"), software ?? "–"],
  ]);
}

/** @param role a profession's code, or an account's role */
function groupOf(role: string, language: Language): string {
  const groups: Readonly<Record<string, keyof typeof reviewsTexts>> = {
    patient: "patients",
    practitioner: "professionals",
    system: "programs",
  };
  const group = groups[role];
  return group ? reviewsTexts[group][language] : professionText(role, language);
}

function answerForm(visit: Member, { value, next, problems, key }: Typed): Html {
  const { language } = visit;
  const text: Say = (name) => reviewsTexts[name][language];
  const id = idOf(visit);
  return html`<h2>${text("answer")}</h2>${form(visit, {
    ...{ action: `/portal/operator/reviews/${id}`, submit: text("submit"), problems, draft: draftOf(id) },
    ...(key === undefined ? {} : { key }),
    content: html`${textArea({ name: "text", label: text("answer"), hint: text("answerHint"), value, problem: problems.text, maxLength: textMax })}
${choiceField({
  ...{ name: "next", label: text("next"), type: "radio", value: next, problem: problems.next },
  choices: [
    { value: "in-progress", text: text("keepOpen") },
    { value: "completed", text: text("close") },
  ],
})}`,
  })}`;
}

export async function answerReview(visit: Member, deps: Deps): Promise<Response> {
  const { language, caller, call, context } = visit;
  const text: Say = (name) => reviewsTexts[name][language];
  const id = idOf(visit);
  const sent = await readForm(visit, deps);
  const [value, next] = [sent.text("text").slice(0, textMax), sent.text("next")];
  const status = (["in-progress", "completed"] as const).find((each) => each === next);
  if (value === "" || status === undefined) {
    const problems = { ...(value === "" ? { text: text("missing") } : {}), ...(status === undefined ? { next: text("choose") } : {}) };
    return await show(visit, deps, { value, next, problems, key: sent.pageKey });
  }
  await deps.oversight.answer(caller, id, { status, text: value }, sent.key);
  await deps.drafts.remove(context, draftOf(id));
  return redirectAfterForm(call, `/portal/operator/reviews/${id}?done=sent`);
}
