import type { AllergyIntolerance, MedicationRequest, MedicationStatement } from "@medplum/fhirtypes";
import { type Html, html } from "../../../lib/html.ts";
import { ServiceError } from "../../clients/caller.ts";
import type { Deps } from "../../deps.ts";
import { choiceField, form, type Problems, textArea, textField } from "../../layout/forms.ts";
import { page } from "../../layout/page.ts";
import { redirectAfterForm } from "../../layout/redirect.ts";
import { layoutTexts } from "../../layout/texts.ts";
import { type Form, readForm } from "../../session/form.ts";
import { dayAfter, localDay } from "../practice/local-day.ts";
import { allergyLine, type ClinicalLine, clinicalItem, medicationLine } from "./clinical-line.ts";
import { prescribeTexts } from "./prescribe-texts.ts";
import { patientBanner, type RecordVisit, readPatient, recordPath } from "./record-visit.ts";

const validDays = 90;

interface State {
  values: Readonly<Record<string, string>>;
  problems: Problems;
  key?: string;
}

export async function prescribePage(visit: RecordVisit, deps: Deps): Promise<Response> {
  return await show(visit, deps, { values: await deps.drafts.find(visit.context, draftOf(visit)), problems: {} });
}

function draftOf({ patientId }: RecordVisit): string {
  return `prescribe-${patientId}`;
}

/** Allergies and present medication stand above the form: nobody should have to remember them. */
async function show(visit: RecordVisit, deps: Deps, { values, problems, key }: State): Promise<Response> {
  const { language, patientId } = visit;
  const text = (name: keyof typeof prescribeTexts): string => prescribeTexts[name][language];
  const optional = layoutTexts.optional[language];
  const [patient, safety] = await Promise.all([readPatient(visit, deps.record, patientId), safetyNotice(visit, deps)]);
  return page(visit, {
    title: text("title"),
    area: "professional",
    status: Object.keys(problems).length > 0 ? 422 : 200,
    content: html`${patient && patientBanner(visit, patient)}${safety}${form(visit, {
      action: recordPath(patientId, "/prescribe"),
      submit: text("submit"),
      problems,
      draft: draftOf(visit),
      ...(key === undefined ? {} : { key }),
      content: html`${textField({ name: "medication", label: text("medication"), hint: text("medicationHint"), value: values.medication, problem: problems.medication, maxLength: 200 })}
${textField({ name: "dosage", label: text("dosage"), hint: text("dosageHint"), value: values.dosage, problem: problems.dosage, maxLength: 300 })}
<div class="field-row">${textField({ name: "quantity", label: text("quantity"), value: values.quantity ?? "1", problem: problems.quantity, inputmode: "numeric", maxLength: 2 })}
${textField({ name: "repeats", label: text("repeats"), value: values.repeats ?? "0", problem: problems.repeats, inputmode: "numeric", maxLength: 2 })}
${textField({ name: "until", label: text("until"), value: values.until ?? dayAfter(localDay(), validDays), type: "date", problem: problems.until })}</div>
${textField({ name: "reason", label: text("reason"), value: values.reason, maxLength: 200, optional })}
${textArea({ name: "note", label: text("note"), value: values.note, rows: 3, maxLength: 1000, optional })}
${choiceField({ name: "substitution", label: text("substitution"), type: "checkbox", values: Object.keys(values).length === 0 || values.substitution !== undefined ? ["yes"] : [], choices: [{ value: "yes", text: text("substitutionAllowed") }] })}
${choiceField({ name: "checked", label: text("check"), type: "checkbox", problem: problems.checked, choices: [{ value: "yes", text: text("checked") }] })}`,
    })}`,
  });
}

async function safetyNotice({ caller, language, patientId }: RecordVisit, { record }: Deps): Promise<Html> {
  const text = (name: keyof typeof prescribeTexts): string => prescribeTexts[name][language];
  const query = { patient: patientId, _count: "100" };
  const [allergies, statements, requests] = await Promise.all([
    record.search<AllergyIntolerance>(caller, "AllergyIntolerance", query).catch(unlessForbidden),
    record.search<MedicationStatement>(caller, "MedicationStatement", query).catch(unlessForbidden),
    record.search<MedicationRequest>(caller, "MedicationRequest", query).catch(unlessForbidden),
  ]);
  const known = (allergies?.found ?? []).map((each) => allergyLine(each, language)).filter(({ current }) => current);
  const taken = [...(statements?.found ?? []), ...(requests?.found ?? [])].map((each) => medicationLine(each, language));
  const list = (lines: readonly ClinicalLine[]): Html =>
    html`<ul class="entries">${lines.map((line) => clinicalItem(line, language))}</ul>`;
  const now = taken.filter(({ current }) => current);
  return html`<section class="notice notice-warning" aria-labelledby="safety"><h2 id="safety">${text("allergies")}</h2>${known.length > 0 ? list(known) : html`<p>${text("noAllergies")}</p>`}</section>
<details${now.length > 0 ? html` open` : undefined}><summary>${text("current")}</summary>${now.length > 0 ? list(now) : html`<p>${text("nothing")}</p>`}</details>`;
}

function unlessForbidden(error: unknown): undefined {
  if (error instanceof ServiceError && error.status === 403) return undefined;
  throw error;
}

export async function prescribe(visit: RecordVisit, deps: Deps): Promise<Response> {
  const { caller, language, patientId, call, context } = visit;
  const sent = await readForm(visit, deps);
  const problems = problemsOf(visit, sent);
  const again = (wrong: Problems): Promise<Response> => show(visit, deps, { values: sent.fields, problems: wrong, key: sent.pageKey });
  if (Object.keys(problems).length > 0) return await again(problems);
  try {
    await deps.record.create(caller, prescriptionOf(visit, sent), sent.key);
  } catch (error) {
    if (error instanceof ServiceError && error.status === 403) return await again({ medication: prescribeTexts.notAllowed[language] });
    throw error;
  }
  await deps.drafts.remove(context, draftOf(visit));
  return redirectAfterForm(call, recordPath(patientId, "?done=prescription"));
}

function problemsOf({ language }: RecordVisit, sent: Form): Problems {
  const text = (name: keyof typeof prescribeTexts): string => prescribeTexts[name][language];
  const problems: Record<string, string> = {};
  const isNumber = (name: string, from: number, to: number): boolean => {
    const value = sent.text(name);
    return /^\d{1,2}$/.test(value) && Number(value) >= from && Number(value) <= to;
  };
  if (sent.text("medication") === "") problems.medication = text("medicationMissing");
  if (sent.text("dosage") === "") problems.dosage = text("dosageMissing");
  if (!isNumber("quantity", 1, 20)) problems.quantity = text("quantityWrong");
  if (!isNumber("repeats", 0, 12)) problems.repeats = text("repeatsWrong");
  if (!/^\d{4}-\d{2}-\d{2}$/.test(sent.text("until")) || sent.text("until") < localDay()) problems.until = text("untilWrong");
  if (sent.text("checked") !== "yes") problems.checked = text("checkMissing");
  return problems;
}

function prescriptionOf({ patientId, principal }: RecordVisit, sent: Form): MedicationRequest {
  const requester = { reference: principal.person ?? "", ...(principal.name === undefined ? {} : { display: principal.name }) };
  const [reason, note] = [sent.text("reason"), sent.text("note")];
  return {
    ...{ resourceType: "MedicationRequest", status: "active", intent: "order" },
    medicationCodeableConcept: { text: sent.text("medication") },
    subject: { reference: `Patient/${patientId}` },
    authoredOn: localDay(),
    ...(requester.reference === "" ? {} : { requester }),
    dosageInstruction: [{ text: sent.text("dosage") }],
    dispenseRequest: {
      validityPeriod: { start: localDay(), end: sent.text("until") },
      numberOfRepeatsAllowed: Number(sent.text("repeats")),
      quantity: { value: Number(sent.text("quantity")) },
    },
    substitution: { allowedBoolean: sent.text("substitution") === "yes" },
    ...(reason === "" ? {} : { reasonCode: [{ text: reason }] }),
    ...(note === "" ? {} : { note: [{ text: note }] }),
  };
}
