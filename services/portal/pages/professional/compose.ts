import type { Attachment, DocumentReference } from "@medplum/fhirtypes";
import { type Html, html } from "../../../lib/html.ts";
import { sniffType } from "../../../lib/sniff-type.ts";
import type { NewMessage, SentMessage } from "../../clients/mailbox.ts";
import type { Deps } from "../../deps.ts";
import { bareType } from "../../layout/file.ts";
import { choiceField, fileField, form, type Problems, textArea, textField } from "../../layout/forms.ts";
import { fill } from "../../layout/language.ts";
import { page } from "../../layout/page.ts";
import { redirectAfterForm } from "../../layout/redirect.ts";
import { layoutTexts } from "../../layout/texts.ts";
import { type Form, readForm } from "../../session/form.ts";
import { type Member, NoSuchPage } from "../../session/visit.ts";
import { entryOf } from "../patient/entry.ts";
import { colleaguesTexts } from "./colleagues-texts.ts";
import { composeTexts } from "./compose-texts.ts";
import { acceptedFiles, fileProblemOf } from "./deposit.ts";
import { depositTexts } from "./deposit-texts.ts";
import { actorNames, actorPattern, directoryList, directorySearch, findInDirectory } from "./directory.ts";
import { patientBanner, readPatient } from "./record-visit.ts";

interface State {
  values: Readonly<Record<string, string>>;
  problems: Problems;
  key?: string;
}

const idPattern = /^[A-Za-z0-9\-.]{1,64}$/;

/** What the address says a message is about. */
interface About {
  /** Empty: nobody was chosen yet. */
  to: string;
  patientId: string;
  documentId: string;
}

function aboutOf({ call }: Member): About {
  const query = (name: string, pattern: RegExp): string => pattern.exec(call.req.query(name) ?? "")?.[0] ?? "";
  return { to: query("to", actorPattern), patientId: query("patient", idPattern), documentId: query("document", idPattern) };
}

function addressOf(path: string, { to, patientId, documentId }: About): string {
  const given = Object.entries({ to, patient: patientId, document: documentId }).filter(([, value]) => value !== "");
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`;
}

const paths = { message: "/portal/professional/messages/new", referral: "/portal/professional/referrals/new" } as const;
type Kind = keyof typeof paths;

export async function composePage(visit: Member, deps: Deps, kind: Kind): Promise<Response> {
  const about = aboutOf(visit);
  if (kind === "referral" && about.patientId === "") return needsPatient(visit);
  if (about.to === "") return await chooseRecipient(visit, deps, kind, about);
  return await show(visit, deps, { kind, about }, { values: await deps.drafts.find(visit.context, draftOf(kind, about)), problems: {} });
}

function draftOf(kind: Kind, { to, patientId }: About): string {
  return `${kind}-${to.replace("/", "-")}-${patientId}`.slice(0, 100);
}

function needsPatient(visit: Member): Response {
  const text = (name: keyof typeof composeTexts): string => composeTexts[name][visit.language];
  const content = html`<p class="lead">${text("choosePatient")}</p><p class="actions"><a class="button" href="/portal/professional/patients">${text("find")}</a></p>`;
  return page(visit, { title: text("referTitle"), area: "professional", content });
}

async function chooseRecipient(visit: Member, deps: Deps, kind: Kind, about: About): Promise<Response> {
  const { language } = visit;
  const found = await findInDirectory(visit, deps);
  const patient = about.patientId === "" ? undefined : await readPatient(visit, deps.record, about.patientId);
  const kept = Object.fromEntries(
    Object.entries({ patient: about.patientId, document: about.documentId }).filter(([, value]) => value !== ""),
  );
  return page(visit, {
    title: composeTexts.choose[language],
    area: "professional",
    content: html`${patient && patientBanner(visit, patient)}${directorySearch(visit, paths[kind], kept)}
${directoryList(visit, found, (actor, name) => html`<a class="button-secondary" href="${addressOf(paths[kind], { ...about, to: actor })}">${colleaguesTexts.choose[language]} <span class="hidden">${name}</span></a>`)}`,
  });
}

async function show(
  visit: Member,
  deps: Deps,
  { kind, about }: { kind: Kind; about: About },
  { values, problems, key }: State,
): Promise<Response> {
  const { language } = visit;
  const text = (name: keyof typeof composeTexts): string => composeTexts[name][language];
  const [names, patient, document] = await Promise.all([
    actorNames(visit, deps, [about.to]),
    about.patientId === "" ? undefined : readPatient(visit, deps.record, about.patientId),
    attachedDocument(visit, deps, about),
  ]);
  const fields =
    kind === "referral"
      ? referralFields(visit, values, problems)
      : html`${textField({ name: "subject", label: text("subject"), value: values.subject ?? document?.description, problem: problems.subject })}${composeFields(visit, { values, problems, withDeposit: about.patientId !== "" && !document, withFile: !document })}`;
  return page(visit, {
    title: text(kind === "referral" ? "referTitle" : "title"),
    area: "professional",
    status: Object.keys(problems).length > 0 ? 422 : 200,
    content: html`${patient && patientBanner(visit, patient)}<p class="lead">${fill(text("to"), { name: names.get(about.to) ?? about.to })} <a class="small" href="${addressOf(paths[kind], { ...about, to: "" })}">${text("other")}</a></p>
${document && html`<p class="notice">${fill(text("attached"), { name: entryOf(document, language).title })}</p>`}
${form(visit, {
  action: addressOf(paths[kind], about),
  submit: text(kind === "referral" ? "refer" : "send"),
  problems,
  draft: draftOf(kind, about),
  upload: kind === "message",
  ...(key === undefined ? {} : { key }),
  content: fields,
})}`,
  });
}

function referralFields({ language }: Member, values: State["values"], problems: Problems): Html {
  const text = (name: keyof typeof composeTexts): string => composeTexts[name][language];
  return html`${textField({ name: "subject", label: text("asked"), hint: text("askedHint"), value: values.subject, problem: problems.subject })}
${textArea({ name: "text", label: text("reason"), value: values.text, problem: problems.text, rows: 8, maxLength: 20_000 })}
${urgentField(language, values)}`;
}

function urgentField(language: Member["language"], values: State["values"], more: readonly { value: string; text: string }[] = []): Html {
  return html`<div class="field-tight">${choiceField({
    ...{ name: "urgent", label: composeTexts.options[language], type: "checkbox", optional: layoutTexts.optional[language] },
    ...{ values: values.urgent === undefined ? [] : ["yes"], choices: [{ value: "yes", text: composeTexts.urgent[language] }] },
  })}${more.map(({ value, text }) => choiceField({ name: value, label: text, labelHidden: true, type: "checkbox", values: values[value] === undefined ? [] : ["yes"], choices: [{ value: "yes", text }] }))}</div>`;
}

/** The fields that a message and an answer share. */
export function composeFields(
  { language }: Member,
  {
    values,
    problems,
    withDeposit,
    withFile = true,
  }: { values: State["values"]; problems: Problems; withDeposit: boolean; withFile?: boolean },
): Html {
  const text = (name: keyof typeof composeTexts): string => composeTexts[name][language];
  const optional = layoutTexts.optional[language];
  return html`${textArea({ name: "text", label: text("text"), value: values.text, problem: problems.text, rows: 8, maxLength: 20_000 })}
${withFile ? fileField({ name: "file", label: text("file"), hint: depositTexts.fileHint[language], accept: acceptedFiles, drop: depositTexts.drop[language], problem: problems.file, optional }) : undefined}
${urgentField(language, values, withDeposit ? [{ value: "deposit", text: text("deposit") }] : [])}`;
}

export function composeProblems({ language }: Member, sent: Form, { withSubject }: { withSubject: boolean }): Record<string, string> {
  const problems: Record<string, string> = {};
  if (withSubject && sent.text("subject") === "") problems.subject = composeTexts.subjectMissing[language];
  if (sent.text("text") === "") problems.text = composeTexts.textMissing[language];
  const file = fileProblemOf(sent.file("file"));
  if (file) problems.file = depositTexts[file][language];
  return problems;
}

export function attachmentOf(sent: Form): NewMessage["attachments"] {
  const file = sent.file("file");
  if (!file) return [];
  const contentType = sniffType(file.bytes) ?? "application/octet-stream";
  return [{ title: file.name.slice(0, 200) || "attachment", contentType, data: Buffer.from(file.bytes).toString("base64") }];
}

/** A document goes along only with the reason by which its record was opened. */
async function attachedDocument(
  { caller, context }: Member,
  { record, practice }: Deps,
  { patientId, documentId }: About,
): Promise<DocumentReference | undefined> {
  if (patientId === "" || documentId === "") return undefined;
  if (!(await practice.opening(context, patientId, true))) throw new NoSuchPage();
  const document = await record.read<DocumentReference>(caller, "DocumentReference", documentId);
  if (document.subject?.reference !== `Patient/${patientId}`) throw new NoSuchPage();
  return document;
}

export async function sendTo(
  { caller }: Member,
  { mailbox }: Deps,
  message: Omit<NewMessage, "priority" | "patient" | "inReplyTo"> & {
    patient?: string | undefined;
    inReplyTo?: string;
    urgent: boolean;
    key: string;
  },
): Promise<SentMessage | undefined> {
  const { urgent, key, patient, ...rest } = message;
  return await mailbox.send(
    caller,
    { ...rest, ...(patient === undefined ? {} : { patient }), ...(urgent ? { priority: "urgent" } : {}) },
    key,
  );
}

export async function sendMessage(visit: Member, deps: Deps): Promise<Response> {
  const { call, context, language } = visit;
  const about = aboutOf(visit);
  if (about.to === "") throw new NoSuchPage();
  const sent = await readForm(visit, deps);
  const problems = composeProblems(visit, sent, { withSubject: true });
  if (Object.keys(problems).length > 0)
    return await show(visit, deps, { kind: "message", about }, { values: sent.fields, problems, key: sent.pageKey });
  const document = await attachedDocument(visit, deps, about);
  const attachment = document?.content?.[0]?.attachment;
  const attached =
    document && attachment
      ? [await copyOf(visit, deps, attachment, attachment.title ?? entryOf(document, language).title)]
      : attachmentOf(sent);
  const result = await sendTo(visit, deps, {
    ...{ to: [about.to], subject: sent.text("subject").slice(0, 200), text: sent.text("text"), attachments: attached, key: sent.key },
    ...{ urgent: sent.text("urgent") === "yes", deposit: sent.text("deposit") === "yes" && about.patientId !== "" },
    patient: about.patientId === "" ? undefined : `Patient/${about.patientId}`,
  });
  await deps.drafts.remove(context, draftOf("message", about));
  return redirectAfterForm(call, `/portal/professional/messages?box=sent&done=sent${result?.depositRefused ? "&deposit=refused" : ""}`);
}

/** A document of the record as it goes with a message. @throws NoSuchPage */
async function copyOf(
  { caller }: Member,
  { record }: Deps,
  attachment: Attachment,
  title: string,
): Promise<{ title: string; contentType: string; data: string }> {
  const content = await record.attachment(caller, attachment);
  if (!content) throw new NoSuchPage();
  const contentType = bareType(attachment.contentType ?? content.contentType);
  return { title: title.slice(0, 200), contentType, data: content.bytes.toString("base64") };
}

export async function sendReferral(visit: Member, deps: Deps): Promise<Response> {
  const { caller, call, context, language } = visit;
  const about = aboutOf(visit);
  if (about.to === "" || about.patientId === "") throw new NoSuchPage();
  const sent = await readForm(visit, deps);
  const problems = composeProblems(visit, sent, { withSubject: false });
  if (sent.text("subject") === "") problems.subject = composeTexts.askedMissing[language];
  if (Object.keys(problems).length > 0)
    return await show(visit, deps, { kind: "referral", about }, { values: sent.fields, problems, key: sent.pageKey });
  const priority = sent.text("urgent") === "yes" ? "urgent" : "routine";
  await deps.mailbox.refer(
    caller,
    {
      to: about.to,
      patient: `Patient/${about.patientId}`,
      subject: sent.text("subject").slice(0, 200),
      reason: sent.text("text"),
      priority,
    },
    sent.key,
  );
  await deps.drafts.remove(context, draftOf("referral", about));
  return redirectAfterForm(call, "/portal/professional/messages?box=sent&done=sent");
}
