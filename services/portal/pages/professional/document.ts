import type { DocumentReference } from "@medplum/fhirtypes";
import { type Html, html } from "../../../lib/html.ts";
import { ServiceError } from "../../clients/caller.ts";
import type { RecordClient } from "../../clients/record.ts";
import type { Deps } from "../../deps.ts";
import { bareType, fileResponse, isShownText, shownText, shownTypes } from "../../layout/file.ts";
import { instantText, sizeText } from "../../layout/language.ts";
import { page } from "../../layout/page.ts";
import { NoSuchPage } from "../../session/visit.ts";
import { conceptText, entryOf, levelTag } from "../patient/entry.ts";
import { documentTexts } from "./document-texts.ts";
import { patientBanner, type RecordVisit, readPatient, recordPath } from "./record-visit.ts";

/** One document of the record that was opened, and of no other. @throws NoSuchPage */
export async function readDocument({ caller, patientId }: RecordVisit, record: RecordClient, id: string): Promise<DocumentReference> {
  const document = await record.read<DocumentReference>(caller, "DocumentReference", id);
  if (document.subject?.reference !== `Patient/${patientId}`) throw new NoSuchPage();
  return document;
}

/** What a document says may be less open than that it is there. */
function unlessClosed(error: unknown): undefined {
  if (error instanceof ServiceError && [403, 404, 410].includes(error.status)) return undefined;
  throw error;
}

export async function documentPage(visit: RecordVisit, { record }: Deps, id: string): Promise<Response> {
  const { language, patientId } = visit;
  const text = (name: keyof typeof documentTexts): string => documentTexts[name][language];
  const [document, patient] = await Promise.all([readDocument(visit, record, id), readPatient(visit, record, patientId)]);
  const attachment = document.content?.[0]?.attachment;
  const isText = attachment !== undefined && isShownText(attachment);
  const bytes = isText ? (await record.attachment(visit.caller, attachment).catch(unlessClosed))?.bytes : undefined;
  const content = shownText(bytes);
  const entry = entryOf(document, language);
  const authors = (document.author ?? []).flatMap(({ display }) => display ?? []).join(", ");
  return page(visit, {
    title: entry.title,
    area: "professional",
    content: html`${patient && patientBanner(visit, patient)}<p class="no-print"><a href="${recordPath(patientId, "/documents")}">${text("back")}</a></p>
<dl class="facts"><dt>${text("date")}</dt><dd>${instantText(entry.date, language)}</dd>
<dt>${text("author")}</dt><dd>${authors || entry.author || "–"}</dd>
<dt>${text("type")}</dt><dd>${conceptText(document.type) || "–"} ${levelTag(entry.level, language)}</dd>
${attachment?.size === undefined ? undefined : html`<dt>${text("file")}</dt><dd>${sizeText(attachment.size, language)}</dd>`}</dl>
${isText && bytes === undefined ? html`<p class="empty">${text("closed")}</p>` : contentView(visit, document, content)}`,
  });
}

function contentView({ language, patientId }: RecordVisit, document: DocumentReference, content: string | undefined): Html {
  const text = (name: keyof typeof documentTexts): string => documentTexts[name][language];
  const attachment = document.content?.[0]?.attachment;
  const path = recordPath(patientId, `/documents/${document.id}`);
  if (attachment?.url === undefined && attachment?.data === undefined) return html`<p class="empty">${text("noContent")}</p>`;
  const type = bareType(attachment.contentType);
  const send = `/portal/professional/messages/new?${new URLSearchParams({ patient: patientId, document: document.id ?? "" })}`;
  const links = html`<p class="actions no-print">${shownTypes.has(type) && content === undefined ? html`<a class="button" href="${path}/content" target="_blank" rel="noopener">${text("open")}</a>` : undefined}<a class="button-secondary" href="${path}/content?download=1" download>${text("download")}</a><a class="button-secondary" href="${send}">${text("send")}</a></p>`;
  if (content !== undefined) return html`<h2>${text("content")}</h2><pre>${content}</pre>${links}`;
  return type.startsWith("image/") && shownTypes.has(type)
    ? html`${links}<p><img class="picture" src="${path}/content" alt="${text("picture")}"></p>`
    : links;
}

/** The document itself: shown by the browser where that is safe, else saved to a file. */
export async function documentContent(visit: RecordVisit, { record }: Deps, id: string): Promise<Response> {
  const document = await readDocument(visit, record, id);
  const attachment = document.content?.[0]?.attachment;
  if (!attachment) throw new NoSuchPage();
  const content = await record.attachmentStream(visit.caller, attachment);
  if (!content) throw new NoSuchPage();
  const title = attachment.title ?? entryOf(document, visit.language).title;
  return fileResponse(visit, { type: bareType(attachment.contentType ?? content.contentType), body: content.body, title });
}
