import type { Communication, Task } from "@medplum/fhirtypes";
import { type Html, html } from "../../../lib/html.ts";
import { ServiceError } from "../../clients/caller.ts";
import type { MessageItem, OpenedMessage } from "../../clients/mailbox.ts";
import type { Deps } from "../../deps.ts";
import { bareType, fileResponse } from "../../layout/file.ts";
import { actionButton, choiceField, form, type Problems, textArea } from "../../layout/forms.ts";
import { fill, instantText } from "../../layout/language.ts";
import { page } from "../../layout/page.ts";
import { redirectAfterForm } from "../../layout/redirect.ts";
import { layoutTexts } from "../../layout/texts.ts";
import { readForm } from "../../session/form.ts";
import { type Member, NoSuchPage } from "../../session/visit.ts";
import { conceptText } from "../patient/entry.ts";
import { attachmentOf, composeFields, composeProblems, sendTo } from "./compose.ts";
import { composeTexts } from "./compose-texts.ts";
import { actorNames } from "./directory.ts";
import { referralStatus } from "./messages.ts";
import { messagesTexts } from "./messages-texts.ts";
import { patientBanner, readPatient, recordPath } from "./record-visit.ts";

/** Lines that are opened at once, the latest ones; who opens a conversation has read them. */
const openedMax = 20;

interface State {
  values: Readonly<Record<string, string>>;
  problems: Problems;
  key?: string;
}

/** A conversation: its lines opened, the answer below. */
export async function threadPage(visit: Member, deps: Deps, thread: string): Promise<Response> {
  return await show(visit, deps, thread, { values: await deps.drafts.find(visit.context, draftOf(thread)), problems: {} });
}

function draftOf(thread: string): string {
  return `answer-${thread}`;
}

function threadPath(thread: string, more = ""): string {
  return `/portal/professional/messages/threads/${encodeURIComponent(thread)}${more}`;
}

async function show(visit: Member, deps: Deps, thread: string, state: State): Promise<Response> {
  const { caller, call, language } = visit;
  const text = (name: keyof typeof messagesTexts): string => messagesTexts[name][language];
  const items = (await deps.mailbox.thread(caller, thread)).filter(({ kind }) => kind !== "request");
  const opened = await Promise.all(items.slice(-openedMax).map((item) => deps.mailbox.open(caller, item)));
  const names = await actorNames(
    visit,
    deps,
    items.flatMap(({ from, to }) => [...from, ...to]),
  );
  const patientId = items.findLast(({ patient }) => patient !== undefined)?.patient?.slice("Patient/".length);
  const patient = patientId === undefined ? undefined : await readPatient(visit, deps.record, patientId);
  const done = { sent: "doneSent", deposited: "doneDeposited", moved: "doneMoved" }[call.req.query("done") ?? ""];
  return page(visit, {
    title: items[0]?.subject ?? text("title"),
    area: "professional",
    status: Object.keys(state.problems).length > 0 ? 422 : 200,
    notice: done === undefined ? undefined : html`<p>${text(done as keyof typeof messagesTexts)}</p>`,
    content: html`<p><a href="/portal/professional/messages">${text("back")}</a></p>${patient && patientBanner(visit, patient)}
<ol class="thread">${opened.map((message) => line(visit, message, names, thread))}</ol>
${moveForm(visit, opened, thread, state)}
${answerForm(visit, items, thread, { names, state })}`,
  });
}

function line(visit: Member, message: OpenedMessage, names: ReadonlyMap<string, string>, thread: string): Html {
  const { language, principal } = visit;
  const text = (name: keyof typeof messagesTexts): string => messagesTexts[name][language];
  const called = (actors: readonly string[]): string => actors.map((actor) => names.get(actor) ?? actor).join(", ");
  const isOwn = message.from.includes(principal.person ?? "");
  const own = isOwn ? " thread-own" : "";
  return html`<li class="message${own}"><p class="message-head"><strong>${called(message.from)}</strong> <span class="soft small">${fill(text("to"), { name: called(message.to) })} · ${instantText(message.sent, language)}</span>${message.kind === "referral" ? html` <span class="tag">${text("referral")}: ${referralStatus(message.status, language)}</span>` : undefined}</p>
<p class="message-text">${bodyOf(message)}</p>
${attachmentsOf(message, text)}
${depositOf(visit, message, thread)}</li>`;
}

function bodyOf({ resource, request, subject }: OpenedMessage): string {
  if (resource.resourceType === "Communication")
    return (resource.payload ?? []).flatMap(({ contentString }) => contentString ?? []).join("\n\n");
  const reason = request?.reasonCode?.map((each) => conceptText(each)).join("\n") ?? "";
  const answer = resource.statusReason === undefined ? "" : conceptText(resource.statusReason);
  return [reason || (subject ?? ""), answer].filter(Boolean).join("\n\n");
}

function attachmentsOf({ resource }: OpenedMessage, text: (name: keyof typeof messagesTexts) => string): Html | undefined {
  const attached = attachmentsIn(resource);
  if (attached.length === 0) return undefined;
  return html`<ul class="attachments" aria-label="${text("attachments")}">${attached.map(({ id, title }) => {
    const query = new URLSearchParams({ title: title ?? text("attachment") });
    return html`<li><a href="/portal/professional/messages/attachments/${id}?${query.toString()}" target="_blank" rel="noopener">${title ?? text("attachment")}</a></li>`;
  })}</ul>`;
}

function attachmentsIn(resource: Communication | Task): { id: string; title: string | undefined }[] {
  if (resource.resourceType !== "Communication") return [];
  return (resource.payload ?? []).flatMap(({ contentAttachment }) => {
    const id = /(?:^|\/)Binary\/([A-Za-z0-9\-.]{1,64})$/.exec(contentAttachment?.url ?? "")?.[1];
    return id === undefined ? [] : [{ id, title: contentAttachment?.title }];
  });
}

/** A message about a patient goes into the record by one button; what is there already says so. */
function depositOf(visit: Member, { kind, patient, deposits, id }: OpenedMessage, thread: string): Html | undefined {
  if (kind !== "message" || patient === undefined) return undefined;
  const text = (name: keyof typeof messagesTexts): string => messagesTexts[name][visit.language];
  const patientId = patient.slice("Patient/".length);
  if (deposits.length > 0)
    return html`<p class="small"><span class="tag">${text("deposited")}</span> <a href="${recordPath(patientId)}">${text("openRecord")}</a></p>`;
  return actionButton(visit, {
    action: `/portal/professional/messages/${encodeURIComponent(id)}/deposit`,
    text: text("deposit"),
    values: { thread },
  });
}

/** Only what may follow is offered, as the exchange says. */
function moveForm(visit: Member, opened: readonly OpenedMessage[], thread: string, { values, problems }: State): Html | undefined {
  const referral = opened.findLast(({ canBecome }) => canBecome !== undefined && canBecome.length > 0);
  if (!referral) return undefined;
  const { language } = visit;
  const text = (name: keyof typeof messagesTexts): string => messagesTexts[name][language];
  const mine = Object.fromEntries(Object.entries(problems).filter(([name]) => name === "status" || name === "reason"));
  return html`<section aria-labelledby="move"><h2 id="move">${text("move")}</h2>${form(visit, {
    action: `/portal/professional/referrals/${encodeURIComponent(referral.id)}/status`,
    submit: text("moveSubmit"),
    problems: mine,
    content: html`<input type="hidden" name="thread" value="${thread}">${choiceField({
      ...{ name: "status", label: text("moveWhat"), type: "radio", value: values.status, problem: problems.status },
      choices: (referral.canBecome ?? []).map((value) => ({ value, text: referralStatus(value, language) })),
    })}${textArea({ name: "reason", label: text("moveReason"), value: values.reason, problem: problems.reason, rows: 3, optional: layoutTexts.optional[language] })}`,
  })}</section>`;
}

/** Goes to whoever wrote last, or, where that was the visitor, to whom they had written. */
export function answerTo(
  items: readonly MessageItem[],
  self: string,
): { inReplyTo: string; to: string[]; patient: string | undefined } | undefined {
  const last = items.at(-1);
  if (!last) return undefined;
  const foreign = items.findLast(({ from }) => !from.includes(self));
  const to = foreign ? foreign.from : last.to;
  const patient = items.findLast((each) => each.patient !== undefined)?.patient;
  return { inReplyTo: `${last.kind === "referral" ? "Task" : "Communication"}/${last.id}`, to, patient };
}

function answerForm(
  visit: Member,
  items: readonly MessageItem[],
  thread: string,
  { names, state }: { names: ReadonlyMap<string, string>; state: State },
): Html {
  const { language, principal } = visit;
  const answer = answerTo(items, principal.person ?? "");
  const to = (answer?.to ?? []).map((actor) => names.get(actor) ?? actor).join(", ");
  const problems = Object.fromEntries(Object.entries(state.problems).filter(([name]) => name !== "status" && name !== "reason"));
  return html`<section aria-labelledby="answer"><h2 id="answer">${messagesTexts.answer[language]}</h2>${form(visit, {
    action: threadPath(thread),
    submit: messagesTexts.answerSubmit[language],
    draft: draftOf(thread),
    upload: true,
    problems,
    ...(state.key === undefined ? {} : { key: state.key }),
    content: html`<p class="soft">${fill(messagesTexts.to[language], { name: to })}</p>${composeFields(visit, { values: state.values, problems, withDeposit: answer?.patient !== undefined })}`,
  })}</section>`;
}

export async function answerThread(visit: Member, deps: Deps, thread: string): Promise<Response> {
  const { caller, call, context, principal } = visit;
  const sent = await readForm(visit, deps);
  const problems = composeProblems(visit, sent, { withSubject: false });
  if (Object.keys(problems).length > 0) return await show(visit, deps, thread, { values: sent.fields, problems, key: sent.pageKey });
  const items = (await deps.mailbox.thread(caller, thread)).filter(({ kind }) => kind !== "request");
  const answer = answerTo(items, principal.person ?? "");
  if (!answer) throw new NoSuchPage();
  const subject = items[0]?.subject ?? composeTexts.message[visit.language];
  const result = await sendTo(visit, deps, {
    ...{
      to: answer.to,
      subject: subject.slice(0, 200),
      text: sent.text("text"),
      inReplyTo: answer.inReplyTo,
      urgent: sent.text("urgent") === "yes",
    },
    ...{
      patient: answer.patient,
      deposit: sent.text("deposit") === "yes" && answer.patient !== undefined,
      attachments: attachmentOf(sent),
    },
    key: sent.key,
  });
  await deps.drafts.remove(context, draftOf(thread));
  if (result?.depositRefused) return redirectAfterForm(call, "/portal/professional/messages?done=sent&deposit=refused");
  return redirectAfterForm(call, threadPath(thread, "?done=sent"));
}

const idPattern = /^[A-Za-z0-9\-.]{1,64}$/;

export async function depositFromMessage(visit: Member, deps: Deps, id: string): Promise<Response> {
  const sent = await readForm(visit, deps);
  const thread = sent.text("thread");
  if (!idPattern.test(thread)) throw new NoSuchPage();
  try {
    await deps.mailbox.deposit(visit.caller, id, sent.key);
  } catch (error) {
    if (!(error instanceof ServiceError) || error.status !== 403) throw error;
    const text = (name: "depositTitle" | "depositNotAllowed" | "back"): string => messagesTexts[name][visit.language];
    const content = html`<p class="lead">${text("depositNotAllowed")}</p><p class="actions"><a class="button" href="${threadPath(thread)}">${text("back")}</a></p>`;
    return page(visit, { title: text("depositTitle"), area: "professional", status: 403, content });
  }
  return redirectAfterForm(visit.call, threadPath(thread, "?done=deposited"));
}

/** Declining and giving up want a reason. */
const wantsReason = new Set(["rejected", "failed", "cancelled"]);

export async function moveReferral(visit: Member, deps: Deps, id: string): Promise<Response> {
  const sent = await readForm(visit, deps);
  const text = (name: keyof typeof messagesTexts): string => messagesTexts[name][visit.language];
  const [thread, status, reason] = [sent.text("thread"), sent.text("status"), sent.text("reason")];
  if (!idPattern.test(thread)) throw new NoSuchPage();
  const problems: Record<string, string> = {};
  if (!/^[a-z-]{3,20}$/.test(status)) problems.status = text("moveMissing");
  if (wantsReason.has(status) && reason === "") problems.reason = text("moveReasonMissing");
  if (Object.keys(problems).length > 0) return await show(visit, deps, thread, { values: sent.fields, problems });
  await deps.mailbox.move(visit.caller, id, { status, ...(reason === "" ? {} : { reason }) }, sent.key);
  return redirectAfterForm(visit.call, threadPath(thread, "?done=moved"));
}

export async function attachmentContent(visit: Member, deps: Deps, id: string): Promise<Response> {
  const { contentType, bytes } = await deps.mailbox.attachment(visit.caller, id);
  const title = (visit.call.req.query("title") ?? "").slice(0, 120);
  return fileResponse(visit, { type: bareType(contentType), body: bytes, title });
}
