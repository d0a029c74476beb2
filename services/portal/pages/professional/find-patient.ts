import type { Patient } from "@medplum/fhirtypes";
import { type Html, html } from "../../../lib/html.ts";
import { parseNationalNumber } from "../../../lib/national-number.ts";
import type { PatientSearch } from "../../clients/directory.ts";
import type { Deps } from "../../deps.ts";
import { form, type Problems, textField } from "../../layout/forms.ts";
import { dateText, instantText } from "../../layout/language.ts";
import { page } from "../../layout/page.ts";
import { layoutTexts } from "../../layout/texts.ts";
import { readForm } from "../../session/form.ts";
import type { Member } from "../../session/visit.ts";
import { nameText } from "../patient/overview.ts";
import { localDay } from "../practice/local-day.ts";
import type { Opening } from "../practice/store.ts";
import { findPatientTexts } from "./find-patient-texts.ts";
import { nationalNumberOf, recordPath } from "./record-visit.ts";
import { recordVisitTexts } from "./record-visit-texts.ts";

interface State {
  values: Readonly<Record<string, string>>;
  problems: Problems;
  /** Undefined: nobody has searched yet. */
  found?: Patient[];
}

/** Two ways to a patient: the number, or the name with the day of birth. What is typed goes in a form, never in an address. */
export async function findPatientPage(visit: Member, deps: Deps): Promise<Response> {
  return show(visit, { values: {}, problems: {} }, await deps.practice.recent(visit.context));
}

export async function findPatient(visit: Member, deps: Deps): Promise<Response> {
  const sent = await readForm(visit, deps);
  const search = searchOf(visit, { number: sent.text("number"), name: sent.text("name"), birthDate: sent.text("birthDate") });
  const values = sent.fields;
  if ("problems" in search) return show(visit, { values, problems: search.problems }, []);
  return show(visit, { values, problems: {}, found: await deps.directory.findPatients(visit.caller, search) }, []);
}

/** The number counts where both are given. */
export function searchOf(
  { language }: Pick<Member, "language">,
  { number, name, birthDate }: { number: string; name: string; birthDate: string },
): PatientSearch | { problems: Problems } {
  const text = (key: keyof typeof findPatientTexts): string => findPatientTexts[key][language];
  if (number !== "") {
    const parsed = parseNationalNumber(number);
    if (parsed.valid) return { number: parsed.value };
    return { problems: { number: parsed.defects[0]?.message[language] ?? text("nothing") } };
  }
  if (name === "" && birthDate === "") return { problems: { number: text("nothing") } };
  const problems: Record<string, string> = {};
  if (name.replace(/\P{L}/gu, "").length < 2) problems.name = text("nameShort");
  if (birthDate === "") problems.birthDate = text("birthDateMissing");
  else if (!/^\d{4}-\d{2}-\d{2}$/.test(birthDate) || birthDate > localDay()) problems.birthDate = text("birthDateWrong");
  return Object.keys(problems).length > 0 ? { problems } : { name, birthDate };
}

function show(visit: Member, { values, problems, found }: State, recent: readonly Opening[]): Response {
  const { language } = visit;
  const text = (name: keyof typeof findPatientTexts): string => findPatientTexts[name][language];
  const optional = layoutTexts.optional[language];
  return page(visit, {
    title: text("title"),
    area: "professional",
    status: Object.keys(problems).length > 0 ? 422 : 200,
    content: html`<p class="lead">${text("lead")}</p>
${found === undefined ? undefined : results(visit, found)}
${form(visit, {
  action: "/portal/professional/patients",
  submit: text("submit"),
  problems,
  content: html`${textField({ name: "number", label: text("number"), hint: text("numberHint"), value: values.number, problem: problems.number, inputmode: "numeric", maxLength: 24, optional })}
<p class="or"><span>${text("or")}</span></p>
${textField({ name: "name", label: text("name"), hint: text("nameHint"), value: values.name, problem: problems.name, maxLength: 100, optional })}
${textField({ name: "birthDate", label: text("birthDate"), value: values.birthDate, problem: problems.birthDate, type: "date", optional })}`,
  aside: html`<span class="soft small">${text("seen")}</span>`,
})}
${recentPatients(visit, recent)}`,
  });
}

function results({ language }: Member, found: readonly Patient[]): Html {
  const text = (name: keyof typeof findPatientTexts): string => findPatientTexts[name][language];
  return html`<section aria-labelledby="results"><h2 id="results">${text("results")}</h2>${
    found.length === 0
      ? html`<p class="empty" role="status">${text("nobody")}</p>`
      : html`<ul class="entries">${found.map((patient) => {
          const name = nameText(patient.name);
          const gender = patient.gender === undefined ? "" : recordVisitTexts[patient.gender][language];
          const facts = [dateText(patient.birthDate, language), gender, nationalNumberOf(patient), patient.address?.[0]?.city];
          return html`<li><div class="entry"><a class="entry-title" href="${recordPath(patient.id ?? "")}">${name}</a><p class="soft small">${facts.filter(Boolean).join(" · ")}</p></div><a class="button-secondary" href="/portal/practice/visits/new?patient=${encodeURIComponent(patient.id ?? "")}">${text("plan")} <span class="hidden">${name}</span></a><a class="button-secondary" href="${recordPath(patient.id ?? "")}">${text("open")} <span class="hidden">${name}</span></a></li>`;
        })}</ul>`
  }</section>`;
}

export function recentPatients(
  { language }: Member,
  recent: readonly Opening[],
  to: (patientId: string) => string = recordPath,
): Html | undefined {
  if (recent.length === 0) return undefined;
  return html`<h2>${findPatientTexts.recent[language]}</h2><ul class="entries">${recent.map(
    ({ patientId, label, openedAt }) =>
      html`<li><div class="entry"><a class="entry-title" href="${to(patientId)}">${label}</a><p class="soft small">${instantText(openedAt.toISOString(), language)}</p></div></li>`,
  )}</ul>`;
}
