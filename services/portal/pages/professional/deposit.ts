import { html } from "../../../lib/html.ts";
import { sniffType } from "../../../lib/sniff-type.ts";
import type { Deps } from "../../deps.ts";
import { choiceField, fileField, form, type Problems, selectField, textField } from "../../layout/forms.ts";
import { page } from "../../layout/page.ts";
import { redirectAfterForm } from "../../layout/redirect.ts";
import { type Form, readForm } from "../../session/form.ts";
import { localDay } from "../practice/local-day.ts";
import { depositTexts } from "./deposit-texts.ts";
import { type DocumentCode, documentCodes, publish } from "./new-document.ts";
import { patientBanner, type RecordVisit, readPatient, recordPath } from "./record-visit.ts";

export const fileMaxBytes = 5 * 1024 * 1024;
export const acceptedFiles = "application/pdf,image/jpeg,image/png,text/plain";
const codes = Object.keys(documentCodes) as DocumentCode[];

interface State {
  values: Readonly<Record<string, string>>;
  problems: Problems;
  key?: string;
}

export async function depositPage(visit: RecordVisit, deps: Deps): Promise<Response> {
  return await show(visit, deps, { values: await deps.drafts.find(visit.context, draftOf(visit)), problems: {} });
}

function draftOf({ patientId }: RecordVisit): string {
  return `deposit-${patientId}`;
}

async function show(visit: RecordVisit, { record }: Deps, { values, problems, key }: State): Promise<Response> {
  const { language, patientId } = visit;
  const text = (name: keyof typeof depositTexts): string => depositTexts[name][language];
  const patient = await readPatient(visit, record, patientId);
  return page(visit, {
    title: text("title"),
    area: "professional",
    status: Object.keys(problems).length > 0 ? 422 : 200,
    content: html`${patient && patientBanner(visit, patient)}<p class="lead">${text("lead")}</p>${form(visit, {
      action: recordPath(patientId, "/deposit"),
      submit: text("submit"),
      problems,
      draft: draftOf(visit),
      upload: true,
      ...(key === undefined ? {} : { key }),
      content: html`${fileField({ name: "file", label: text("file"), hint: text("fileHint"), accept: acceptedFiles, drop: text("drop"), problem: problems.file })}
${textField({ name: "name", label: text("name"), hint: text("nameHint"), value: values.name, problem: problems.name, maxLength: 120 })}
${selectField({ name: "type", label: text("type"), value: values.type ?? "letter", problem: problems.type, choices: codes.map((value) => ({ value, text: text(value) })) })}
${textField({ name: "date", label: text("date"), value: values.date ?? localDay(), type: "date", problem: problems.date })}
${levelField(visit, values.level)}`,
    })}`,
  });
}

export function levelField({ language }: RecordVisit, value = "normal") {
  const text = (name: keyof typeof depositTexts): string => depositTexts[name][language];
  return choiceField({
    ...{ name: "level", label: text("level"), type: "radio", value },
    choices: (["normal", "restricted"] as const).map((each) => ({ value: each, text: text(each) })),
  });
}

export async function deposit(visit: RecordVisit, deps: Deps): Promise<Response> {
  const { language, patientId, call, context } = visit;
  const sent = await readForm(visit, deps);
  const again = (problems: Problems): Promise<Response> => show(visit, deps, { values: sent.fields, problems, key: sent.pageKey });
  const problems = problemsOf(visit, sent);
  const file = sent.file("file");
  const code = codes.find((each) => each === sent.text("type")) ?? "letter";
  if (!file || Object.keys(problems).length > 0) return await again(problems);
  const made = await publish(
    visit,
    deps,
    {
      ...{ title: sent.text("name"), code, typeText: depositTexts[code][language], date: sent.text("date") },
      ...{ level: sent.text("level") === "restricted" ? "restricted" : "normal", fileName: file.name },
      ...{ contentType: sniffType(file.bytes) ?? "text/plain", bytes: file.bytes },
    },
    sent.key,
  );
  if (made === undefined) return await again({ type: depositTexts.notAllowed[language] });
  await deps.drafts.remove(context, draftOf(visit));
  return redirectAfterForm(call, recordPath(patientId, "?done=document"));
}

function problemsOf({ language }: RecordVisit, sent: Form): Problems {
  const text = (name: keyof typeof depositTexts): string => depositTexts[name][language];
  const file = sent.file("file");
  const problems: Record<string, string> = {};
  const fileProblem = fileProblemOf(file);
  if (!file) problems.file = text("fileMissing");
  else if (fileProblem) problems.file = text(fileProblem);
  if (sent.text("name") === "") problems.name = text("nameMissing");
  if (!/^\d{4}-\d{2}-\d{2}$/.test(sent.text("date")) || sent.text("date") > localDay()) problems.date = text("dateWrong");
  return problems;
}

/** What is wrong with a file that somebody adds; its name and the browser's word do not count. */
export function fileProblemOf(file: ReturnType<Form["file"]>): "typeWrong" | "tooLarge" | undefined {
  if (!file) return undefined;
  if (sniffType(file.bytes) === undefined) return "typeWrong";
  return file.bytes.length > fileMaxBytes ? "tooLarge" : undefined;
}
