import type { Patient } from "@medplum/fhirtypes";
import { type Html, html } from "../../../lib/html.ts";
import type { Deps } from "../../deps.ts";
import { choiceField, form, type Problems, textField } from "../../layout/forms.ts";
import { fill } from "../../layout/language.ts";
import { page } from "../../layout/page.ts";
import { localPath, redirectAfterForm } from "../../layout/redirect.ts";
import { layoutTexts } from "../../layout/texts.ts";
import { readForm } from "../../session/form.ts";
import type { Member } from "../../session/visit.ts";
import { openingHours } from "../practice/store.ts";
import { reasonTexts } from "./reason-texts.ts";
import { patientBanner, patientLabel, readPatient, recordPath } from "./record-visit.ts";

/** The emergency has a page of its own. */
const reasons = ["treatment", "coordination", "administration"] as const;

interface State {
  value: string;
  note: string;
  /** What was asked for within the record: `/documents`, or nothing. */
  wanted: string;
  problems: Problems;
}

/** Asked before a record is shown. */
export async function reasonPage(visit: Member, { record }: Deps, patientId: string): Promise<Response> {
  const patient = await readPatient(visit, record, patientId);
  return patient
    ? show(visit, patient, { value: "treatment", note: "", wanted: visit.call.req.query("wanted") ?? "", problems: {} })
    : closedPage(visit, patientId);
}

function show(visit: Member, patient: Patient, { value, note, wanted, problems }: State): Response {
  const { language } = visit;
  const text = (name: keyof typeof reasonTexts): string => reasonTexts[name][language];
  const patientId = patient.id ?? "";
  return page(visit, {
    title: text("title"),
    area: "professional",
    status: Object.keys(problems).length > 0 ? 422 : 200,
    content: html`${patientBanner(visit, patient, { link: false })}<p class="lead">${fill(text("lead"), { hours: openingHours })}</p>
${form(visit, {
  action: recordPath(patientId, "/reason"),
  submit: text("submit"),
  problems,
  content: html`<input type="hidden" name="wanted" value="${wanted}">${choiceField({
    ...{ name: "reason", label: text("reason"), type: "radio", value, problem: problems.reason },
    choices: reasons.map((each) => ({ value: each, text: text(each), hint: text(`${each}Hint`) })),
  })}${textField({ name: "note", label: text("note"), value: note, optional: layoutTexts.optional[language], maxLength: 200 })}`,
})}
${emergencyLink(visit, patientId)}`,
  });
}

function emergencyLink({ language }: Member, patientId: string): Html {
  return html`<hr><p>${reasonTexts.emergency[language]} <a href="${recordPath(patientId, "/emergency")}">${reasonTexts.emergencyLink[language]}</a></p>`;
}

/** What somebody may do who does not get in. */
export function closedPage(visit: Member, patientId: string): Response {
  const text = (name: keyof typeof reasonTexts): string => reasonTexts[name][visit.language];
  return page(visit, {
    title: text("closedTitle"),
    area: "professional",
    status: 404,
    content: html`<p class="lead">${text("closed")}</p><p class="actions"><a class="button" href="/portal/professional/patients">${text("other")}</a></p>${emergencyLink(visit, patientId)}`,
  });
}

export async function giveReason(visit: Member, deps: Deps, patientId: string): Promise<Response> {
  const { context, call, language } = visit;
  const sent = await readForm(visit, deps);
  const reason = reasons.find((each) => each === sent.text("reason"));
  const patient = await readPatient(visit, deps.record, patientId);
  if (!patient) return closedPage(visit, patientId);
  const note = sent.text("note").slice(0, 200);
  if (!reason)
    return show(visit, patient, { value: "", note, wanted: sent.text("wanted"), problems: { reason: reasonTexts.missing[language] } });
  await deps.practice.open(context, { patientId, reason, note, label: patientLabel(patient, language) });
  await deps.practice.finish(context, "start", "find");
  const wanted = recordPath(patientId, sent.text("wanted"));
  return redirectAfterForm(call, /^$|^[/?]/.test(sent.text("wanted")) && localPath(wanted) === wanted ? wanted : recordPath(patientId));
}
