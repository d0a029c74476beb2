import type { AuditEvent, Task } from "@medplum/fhirtypes";
import { html } from "../../../lib/html.ts";
import type { Deps } from "../../deps.ts";
import { form, type Problems, textArea } from "../../layout/forms.ts";
import { instantText } from "../../layout/language.ts";
import { page } from "../../layout/page.ts";
import { redirectAfterForm } from "../../layout/redirect.ts";
import { readForm } from "../../session/form.ts";
import { NoSuchPage, type PatientVisit } from "../../session/visit.ts";
import { sentenceOf } from "./accesses.ts";
import { complaintTexts } from "./complaint-texts.ts";
import { withLevel } from "./entry.ts";

/** Of the Task by which a patient asks for the examination of an access; the operators' review queue finds it by it. */
export const complaintCode = { system: "urn:dsp:notice", code: "access-complaint" } as const;

const textMax = 2000;

export async function complaintPage(visit: PatientVisit, deps: Deps): Promise<Response> {
  const event = await eventOf(visit, deps);
  const { reason } = await deps.drafts.find(visit.context, draftOf(event));
  return show(visit, event, { value: reason ?? "", problems: {} });
}

async function eventOf({ caller, call, patientId }: PatientVisit, { record }: Deps): Promise<AuditEvent> {
  const { found } = await record.accessLog(caller, { _id: call.req.param("id") ?? "", patient: patientId });
  if (!found[0]) throw new NoSuchPage();
  return found[0];
}

function draftOf({ id }: AuditEvent): string {
  return `complaint-${id}`;
}

function show(
  visit: PatientVisit,
  event: AuditEvent,
  { value, problems, key }: { value: string; problems: Problems; key?: string },
): Response {
  const { language } = visit;
  const text = (name: keyof typeof complaintTexts): string => complaintTexts[name][language];
  return page(visit, {
    title: text("title"),
    area: "patient",
    status: Object.keys(problems).length > 0 ? 422 : 200,
    content: html`<p class="lead">${text("lead")}</p>
<div class="notice"><h2>${text("about")}</h2><p>${sentenceOf(event)}<br><span class="soft small">${instantText(event.recorded, language)}</span></p></div>
${form(visit, {
  action: `/portal/patient/accesses/${event.id}/report`,
  submit: text("submit"),
  problems,
  draft: draftOf(event),
  ...(key === undefined ? {} : { key }),
  content: textArea({ name: "reason", label: text("why"), hint: text("whyHint"), value, problem: problems.reason, maxLength: textMax }),
  aside: html`<a href="/portal/patient/accesses">${text("back")}</a>`,
})}`,
  });
}

/** Asks for an examination: a Task that only the patient and the platform see. */
export async function complain(visit: PatientVisit, deps: Deps): Promise<Response> {
  const { caller, call, language, patientId } = visit;
  const sent = await readForm(visit, deps);
  const event = await eventOf(visit, deps);
  const reason = sent.text("reason").slice(0, textMax);
  if (reason === "") {
    return show(visit, event, { value: "", problems: { reason: complaintTexts.missing[language] }, key: sent.pageKey });
  }
  const task: Task = {
    resourceType: "Task",
    status: "requested",
    intent: "order",
    code: { coding: [complaintCode] },
    for: { reference: `Patient/${patientId}` },
    requester: { reference: visit.principal.person ?? `Patient/${patientId}` },
    focus: { reference: `AuditEvent/${event.id}` },
    authoredOn: new Date().toISOString(),
    reasonCode: { text: reason },
  };
  await deps.record.create(caller, withLevel(task, "secret"), sent.key);
  await deps.drafts.remove(visit.context, draftOf(event));
  return redirectAfterForm(call, "/portal/patient/accesses?done=reported");
}
