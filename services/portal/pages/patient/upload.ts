import type { DocumentReference } from "@medplum/fhirtypes";
import { html } from "../../../lib/html.ts";
import { sniffType } from "../../../lib/sniff-type.ts";
import type { Deps } from "../../deps.ts";
import { fileField, form, type Problems, textArea, textField } from "../../layout/forms.ts";
import { page } from "../../layout/page.ts";
import { redirectAfterForm } from "../../layout/redirect.ts";
import { layoutTexts } from "../../layout/texts.ts";
import { type Form, readForm } from "../../session/form.ts";
import type { PatientVisit } from "../../session/visit.ts";
import { uploadTexts } from "./upload-texts.ts";

const fileMaxBytes = 5 * 1024 * 1024;
const accepted = "application/pdf,image/jpeg,image/png,text/plain";
const draftName = "upload";

interface State {
  values: Readonly<Record<string, string>>;
  problems: Problems;
  key?: string;
}

export async function uploadPage(visit: PatientVisit, { drafts }: Deps): Promise<Response> {
  return show(visit, { values: await drafts.find(visit.context, draftOf(visit)), problems: {} });
}

function draftOf({ patientId }: PatientVisit): string {
  return `${draftName}-${patientId}`;
}

function show(visit: PatientVisit, { values, problems, key }: State): Response {
  const { language } = visit;
  const text = (name: keyof typeof uploadTexts): string => uploadTexts[name][language];
  const optional = layoutTexts.optional[language];
  return page(visit, {
    title: text("title"),
    area: "patient",
    status: Object.keys(problems).length > 0 ? 422 : 200,
    content: html`<p class="lead">${text("lead")}</p>${form(visit, {
      action: "/portal/patient/upload",
      submit: text("submit"),
      problems,
      draft: draftOf(visit),
      upload: true,
      ...(key === undefined ? {} : { key }),
      content: html`${textField({ name: "name", label: text("name"), hint: text("nameHint"), value: values.name, problem: problems.name, maxLength: 120 })}
${textField({ name: "date", label: text("date"), value: values.date ?? today(), type: "date", problem: problems.date })}
${fileField({ name: "file", label: text("file"), hint: text("fileHint"), accept: accepted, drop: text("drop"), problem: problems.file, optional })}
${textArea({ name: "note", label: text("note"), hint: text("noteHint"), value: values.note, maxLength: 20_000, rows: 6, optional })}`,
    })}`,
  });
}

function today(): string {
  return new Intl.DateTimeFormat("sv-SE", { timeZone: "Europe/Luxembourg" }).format(new Date());
}

/** Puts the document into the record: one call, IHE MHD's Simplified Publish, whatever happens on the way. */
export async function uploadDocument(visit: PatientVisit, deps: Deps): Promise<Response> {
  const sent = await readForm(visit, deps);
  const problems = problemsOf(visit, sent);
  if (Object.keys(problems).length > 0) return show(visit, { values: sent.fields, problems, key: sent.pageKey });
  await deps.record.create(visit.caller, documentOf(visit, sent), sent.key);
  await deps.drafts.remove(visit.context, draftOf(visit));
  return redirectAfterForm(visit.call, "/portal/patient/documents?done=added");
}

function problemsOf({ language }: PatientVisit, sent: Form): Problems {
  const text = (name: keyof typeof uploadTexts): string => uploadTexts[name][language];
  const file = sent.file("file");
  const problems: Record<string, string> = {};
  if (sent.text("name") === "") problems.name = text("nameMissing");
  if (!/^\d{4}-\d{2}-\d{2}$/.test(sent.text("date")) || sent.text("date") > today()) problems.date = text("dateWrong");
  if (!file && sent.text("note") === "") problems.file = text("nothing");
  if (file && sniffType(file.bytes) === undefined) problems.file = text("typeWrong");
  if (file && file.bytes.length > fileMaxBytes) problems.file = text("tooLarge");
  return problems;
}

function documentOf({ patientId, principal, language }: PatientVisit, sent: Form): DocumentReference {
  const file = sent.file("file");
  const bytes = file?.bytes ?? Buffer.from(`${sent.text("note")}\n`);
  const contentType = sniffType(bytes) ?? "text/plain";
  const author = {
    reference: principal.person ?? `Patient/${patientId}`,
    ...(principal.name === undefined ? {} : { display: principal.name }),
  };
  const note = file && sent.text("note") !== "" ? ` – ${sent.text("note")}` : "";
  return {
    resourceType: "DocumentReference",
    status: "current",
    // LOINC: what a patient writes. The record takes it for the patient's own notes.
    type: { coding: [{ system: "http://loinc.org", code: "51855-5", display: "Patient Note" }] },
    subject: { reference: `Patient/${patientId}` },
    date: `${sent.text("date")}T12:00:00Z`,
    author: [author],
    description: `${sent.text("name")}${note}`,
    content: [
      {
        attachment: {
          contentType,
          language,
          data: Buffer.from(bytes).toString("base64"),
          title: file?.name.slice(0, 120) ?? sent.text("name"),
          size: bytes.length,
        },
      },
    ],
  };
}
