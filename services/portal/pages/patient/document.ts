import type { Attachment, DocumentReference } from "@medplum/fhirtypes";
import { type Html, html } from "../../../lib/html.ts";
import { ServiceError } from "../../clients/caller.ts";
import type { Deps } from "../../deps.ts";
import { bareType, fileResponse, isShownText, shownText, shownTypes } from "../../layout/file.ts";
import { actionButton } from "../../layout/forms.ts";
import { instantText, sizeText } from "../../layout/language.ts";
import { page } from "../../layout/page.ts";
import { redirectAfterForm } from "../../layout/redirect.ts";
import { readForm } from "../../session/form.ts";
import { isSelf, NoSuchPage, type PatientVisit, StaleForm } from "../../session/visit.ts";
import { documentTexts } from "./document-texts.ts";
import { conceptText, entryOf, isOwn } from "./entry.ts";
import { visibilityForm } from "./visibility.ts";

/** One document: what it is, what it says, and who may see it. */
export async function documentPage(visit: PatientVisit, { record }: Deps): Promise<Response> {
  const { caller, language, call } = visit;
  const text = (name: keyof typeof documentTexts): string => documentTexts[name][language];
  const document = await record.read<DocumentReference>(caller, "DocumentReference", call.req.param("id") ?? "");
  const attachment = document.content?.[0]?.attachment;
  const content = attachment && isShownText(attachment) ? shownText((await record.attachment(caller, attachment))?.bytes) : undefined;
  const entry = entryOf(document, language);
  const path = `/portal/patient/documents/${document.id}`;
  return page(visit, {
    title: entry.title,
    area: "patient",
    notice: call.req.query("done") === "saved" ? html`<p>${text("saved")}</p>` : undefined,
    content: html`<p class="no-print"><a href="/portal/patient/documents">${text("back")}</a></p>
<dl class="facts"><dt>${text("date")}</dt><dd>${instantText(entry.date, language)}</dd>
<dt>${text("author")}</dt><dd>${authors(document) || "–"}</dd>
<dt>${text("type")}</dt><dd>${conceptText(document.type) || "–"}</dd>
${attachment?.size === undefined ? undefined : html`<dt>${text("file")}</dt><dd>${sizeText(attachment.size, language)}</dd>`}</dl>
${contentView(visit, path, attachment, content)}
${visibilityForm(visit, document, `${path}/visibility`)}
${isOwn(document) && isSelf(visit) ? html`<h2>${text("removeHeading")}</h2><p>${text("removeHint")}</p>${actionButton(visit, { action: `${path}/remove`, text: text("remove") })}` : undefined}`,
  });
}

function authors({ author }: DocumentReference): string {
  return (author ?? []).flatMap(({ display }) => display ?? []).join(", ");
}

function contentView({ language }: PatientVisit, path: string, attachment: Attachment | undefined, content: string | undefined): Html {
  const text = (name: keyof typeof documentTexts): string => documentTexts[name][language];
  if (attachment?.url === undefined && attachment?.data === undefined) return html`<p class="empty">${text("noContent")}</p>`;
  const type = bareType(attachment.contentType ?? "");
  const links = html`<p class="actions no-print">${shownTypes.has(type) && content === undefined ? html`<a class="button" href="${path}/content" target="_blank" rel="noopener">${text("open")}</a>` : undefined}<a class="button-secondary" href="${path}/content?download=1" download>${text("download")}</a></p>`;
  if (content !== undefined) return html`<h2>${text("content")}</h2><pre>${content}</pre>${links}`;
  return type.startsWith("image/") && shownTypes.has(type)
    ? html`${links}<p><img class="picture" src="${path}/content" alt="${text("picture")}"></p>`
    : links;
}

/** The document itself: shown by the browser where that is safe, else saved to a file. */
export async function documentContent(visit: PatientVisit, { record }: Deps): Promise<Response> {
  const { caller, language, call } = visit;
  const document = await record.read<DocumentReference>(caller, "DocumentReference", call.req.param("id") ?? "");
  const attachment = document.content?.[0]?.attachment;
  if (!attachment) throw new NoSuchPage();
  const content = await record.attachmentStream(caller, attachment);
  if (!content) throw new NoSuchPage();
  const type = bareType(attachment.contentType ?? content.contentType);
  return fileResponse(visit, { type, body: content.body, title: attachment.title ?? entryOf(document, language).title });
}

function unlessGone(error: unknown): undefined {
  if (error instanceof ServiceError && (error.status === 404 || error.status === 410)) return undefined;
  throw error;
}

/** Only what the patient added. */
export async function removeDocument(visit: PatientVisit, deps: Deps): Promise<Response> {
  const { caller, call } = visit;
  const { record } = deps;
  const { key } = await readForm(visit, deps);
  const id = call.req.param("id") ?? "";
  const document = await record.read<DocumentReference>(caller, "DocumentReference", id).catch(unlessGone);
  // It is gone when the form comes a second time.
  if (document && !isOwn(document)) throw new StaleForm();
  if (document) await record.remove(caller, "DocumentReference", id, key);
  return redirectAfterForm(call, "/portal/patient/documents?done=removed");
}
