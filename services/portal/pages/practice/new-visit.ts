import type { Encounter, Patient } from "@medplum/fhirtypes";
import { html } from "../../../lib/html.ts";
import { ServiceError } from "../../clients/caller.ts";
import type { Deps } from "../../deps.ts";
import { form, type Problems, selectField, textField } from "../../layout/forms.ts";
import { fill } from "../../layout/language.ts";
import { page } from "../../layout/page.ts";
import { redirectAfterForm } from "../../layout/redirect.ts";
import { layoutTexts } from "../../layout/texts.ts";
import { type Form, readForm } from "../../session/form.ts";
import { type Member, NoSuchPage } from "../../session/visit.ts";
import { recentPatients } from "../professional/find-patient.ts";
import { closedPage } from "../professional/reason.ts";
import { patientBanner, readPatient } from "../professional/record-visit.ts";
import { agendaTexts } from "./agenda-texts.ts";
import { dayAfter, instantOf, localDay, localTime } from "./local-day.ts";

const durations = ["10", "15", "20", "30", "45", "60", "90"] as const;
const aheadDaysMax = 730;
const idPattern = /^[A-Za-z0-9\-.]{1,64}$/;

interface State {
  values: Readonly<Record<string, string>>;
  problems: Problems;
  key?: string;
}

export async function newVisitPage(visit: Member, deps: Deps): Promise<Response> {
  const { call, language, context } = visit;
  const patientId = call.req.query("patient") ?? "";
  if (!idPattern.test(patientId)) {
    const recent = recentPatients(
      visit,
      await deps.practice.recent(context),
      (id) => `/portal/practice/visits/new?patient=${encodeURIComponent(id)}`,
    );
    const content = html`<p class="lead">${agendaTexts.choose[language]}</p><p class="actions"><a class="button" href="/portal/professional/patients">${agendaTexts.find[language]}</a></p>${recent}`;
    return page(visit, { title: agendaTexts.newTitle[language], area: "practice", content });
  }
  const patient = await readPatient(visit, deps.record, patientId);
  if (!patient) return closedPage(visit, patientId);
  const day = call.req.query("day") ?? "";
  const values: State["values"] = /^\d{4}-\d{2}-\d{2}$/.test(day) ? { date: day } : {};
  return show(visit, patient, { values, problems: {} });
}

function show(visit: Member, patient: Patient, { values, problems, key }: State): Response {
  const { language } = visit;
  const text = (name: keyof typeof agendaTexts): string => agendaTexts[name][language];
  const soon = localTime(new Date(Math.ceil(Date.now() / 900_000) * 900_000).toISOString());
  return page(visit, {
    title: text("newTitle"),
    area: "practice",
    status: Object.keys(problems).length > 0 ? 422 : 200,
    content: html`${patientBanner(visit, patient)}${form(visit, {
      action: `/portal/practice/visits/new?patient=${encodeURIComponent(patient.id ?? "")}`,
      submit: text("submit"),
      problems,
      ...(key === undefined ? {} : { key }),
      content: html`<div class="field-row">${textField({ name: "date", label: text("date"), value: values.date ?? localDay(), type: "date", problem: problems.date })}
${textField({ name: "time", label: text("time"), hint: text("timeHint"), value: values.time ?? soon, problem: problems.time, maxLength: 5 })}
${selectField({ name: "minutes", label: text("minutes"), value: values.minutes ?? "20", choices: durations.map((value) => ({ value, text: fill(text("minutesText"), { count: value }) })) })}</div>
${textField({ name: "reason", label: text("reason"), value: values.reason, maxLength: 200, optional: layoutTexts.optional[language] })}`,
    })}`,
  });
}

export async function planVisit(visit: Member, deps: Deps): Promise<Response> {
  const { caller, call, language, context } = visit;
  const patientId = call.req.query("patient") ?? "";
  if (!idPattern.test(patientId)) throw new NoSuchPage();
  const sent = await readForm(visit, deps);
  const patient = await readPatient(visit, deps.record, patientId);
  if (!patient) return closedPage(visit, patientId);
  const problems: Record<string, string> = {};
  const [date, time] = [sent.text("date"), sent.text("time").replace(/[.hH]/, ":").padStart(5, "0")];
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(date) && !Number.isNaN(Date.parse(date));
  if (!isDay || date < localDay() || date > dayAfter(localDay(), aheadDaysMax)) problems.date = agendaTexts.dateWrong[language];
  if (!/^([01]\d|2[0-3]):[0-5]\d$/.test(time)) problems.time = agendaTexts.timeWrong[language];
  const again = (wrong: Problems): Response => show(visit, patient, { values: sent.fields, problems: wrong, key: sent.pageKey });
  if (Object.keys(problems).length > 0) return again(problems);
  try {
    await deps.record.create(caller, encounterOf(visit, patientId, instantOf(date, time), sent), sent.key);
  } catch (error) {
    if (error instanceof ServiceError && error.status === 403) return again({ date: agendaTexts.notAllowed[language] });
    throw error;
  }
  await deps.practice.finish(context, "start", "agenda");
  return redirectAfterForm(call, `/portal/practice/agenda?day=${date}&done=planned`);
}

function encounterOf({ principal }: Member, patientId: string, start: string, sent: Form): Encounter {
  const { person, name, organizationId } = principal;
  const minutes = Number(durations.find((each) => each === sent.text("minutes")) ?? 20);
  const reason = sent.text("reason");
  return {
    resourceType: "Encounter",
    status: "planned",
    class: { system: "http://terminology.hl7.org/CodeSystem/v3-ActCode", code: "AMB", display: "ambulatory" },
    subject: { reference: `Patient/${patientId}` },
    ...(person === undefined
      ? {}
      : { participant: [{ individual: { reference: person, ...(name === undefined ? {} : { display: name }) } }] }),
    ...(organizationId === undefined ? {} : { serviceProvider: { reference: `Organization/${organizationId}` } }),
    period: { start, end: new Date(Date.parse(start) + minutes * 60_000).toISOString() },
    ...(reason === "" ? {} : { reasonCode: [{ text: reason }] }),
  };
}
