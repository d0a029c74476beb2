import type { Parameters } from "@medplum/fhirtypes";
import { html } from "../../../lib/html.ts";
import { onceDone, ServiceError } from "../../clients/caller.ts";
import type { Deps } from "../../deps.ts";
import { choiceField, form, type Problems, textArea } from "../../layout/forms.ts";
import { page } from "../../layout/page.ts";
import { redirectAfterForm } from "../../layout/redirect.ts";
import { readForm } from "../../session/form.ts";
import type { Member } from "../../session/visit.ts";
import { emergencyTexts } from "./emergency-texts.ts";
import { patientBanner, patientLabel, readPatient, recordPath } from "./record-visit.ts";

/** The bounds of the record (services/record/operation/break-glass.ts). */
const reasonLength = { min: 10, max: 500 };
const openMs = 240 * 60_000;
const consequences = ["opens", "told", "reviewed", "recorded"] as const;

/** What it means to open a record in an emergency is said before it is done. */
export async function emergencyPage(visit: Member, deps: Deps, patientId: string): Promise<Response> {
  return await show(visit, deps, patientId, { reason: "", problems: {} });
}

async function show(
  visit: Member,
  { record }: Deps,
  patientId: string,
  { reason, problems, key }: { reason: string; problems: Problems; key?: string },
): Promise<Response> {
  const { language } = visit;
  const text = (name: keyof typeof emergencyTexts): string => emergencyTexts[name][language];
  const patient = await readPatient(visit, record, patientId);
  return page(visit, {
    title: text("title"),
    area: "professional",
    status: Object.keys(problems).length > 0 ? 422 : 200,
    content: html`${patient && patientBanner(visit, patient, { link: false })}<p class="lead">${text("lead")}</p>
<section class="notice notice-warning" aria-labelledby="consequences"><h2 id="consequences">${text("consequences")}</h2><ul>${consequences.map((each) => html`<li>${text(each)}</li>`)}</ul></section>
${form(visit, {
  action: recordPath(patientId, "/emergency"),
  submit: text("submit"),
  danger: true,
  problems,
  ...(key === undefined ? {} : { key }),
  content: html`${textArea({ name: "reason", label: text("reason"), hint: text("reasonHint"), value: reason, problem: problems.reason, rows: 4, maxLength: reasonLength.max })}
${choiceField({ name: "sure", label: text("confirm"), type: "checkbox", problem: problems.sure, choices: [{ value: "yes", text: text("sure") }] })}`,
  aside: html`<a href="/portal/professional/patients">${text("back")}</a>`,
})}`,
  });
}

/** Until when the record is open; undefined when an earlier attempt of the same form had opened it. */
async function breakGlass(
  { caller }: Member,
  { record }: Deps,
  { patientId, reason, key }: { patientId: string; reason: string; key: string },
): Promise<string | undefined> {
  const parameters: Parameters = { resourceType: "Parameters", parameter: [{ name: "reason", valueString: reason }] };
  const path = `/fhir/Patient/${encodeURIComponent(patientId)}/$break-glass`;
  const answer = await onceDone(record.json<Parameters>(caller, { ...record.write("POST", parameters, key), path }));
  return answer?.parameter?.find(({ name }) => name === "until")?.valueInstant;
}

export async function openInEmergency(visit: Member, deps: Deps, patientId: string): Promise<Response> {
  const { call, context, language } = visit;
  const text = (name: keyof typeof emergencyTexts): string => emergencyTexts[name][language];
  const sent = await readForm(visit, deps);
  const reason = sent.text("reason");
  const again = (problems: Problems): Promise<Response> => show(visit, deps, patientId, { reason, problems, key: sent.pageKey });
  const problems: Record<string, string> = {};
  if (reason.length < reasonLength.min || reason.length > reasonLength.max) problems.reason = text("reasonWrong");
  if (sent.text("sure") !== "yes") problems.sure = text("sureMissing");
  if (Object.keys(problems).length > 0) return await again(problems);
  try {
    const until = (await breakGlass(visit, deps, { patientId, reason, key: sent.key })) ?? new Date(Date.now() + openMs).toISOString();
    const patient = await readPatient(visit, deps.record, patientId);
    const label = patient ? patientLabel(patient, language) : text("label");
    await deps.practice.open(context, { patientId, reason: "emergency", note: "", label });
    return redirectAfterForm(call, recordPath(patientId, `?${new URLSearchParams({ done: "emergency", until })}`));
  } catch (error) {
    if (error instanceof ServiceError && error.status === 403) return await again({ reason: text("refused") });
    if (error instanceof ServiceError && error.status === 404) return await again({ reason: text("unknown") });
    throw error;
  }
}
