import type { AllergyIntolerance, Condition, MedicationRequest, MedicationStatement, Patient, Resource } from "@medplum/fhirtypes";
import { html } from "../../../lib/html.ts";
import { ServiceError } from "../../clients/caller.ts";
import type { Deps } from "../../deps.ts";
import { choiceField, form, type Problems, textArea, textField } from "../../layout/forms.ts";
import { dateText } from "../../layout/language.ts";
import { page } from "../../layout/page.ts";
import { redirectAfterForm } from "../../layout/redirect.ts";
import { layoutTexts } from "../../layout/texts.ts";
import { readForm } from "../../session/form.ts";
import { NoSuchPage } from "../../session/visit.ts";
import { nameText } from "../patient/overview.ts";
import { localDay } from "../practice/local-day.ts";
import { profileTexts } from "../practice/profile-texts.ts";
import { allergyLine, type ClinicalLine, conditionLine, medicationLine } from "./clinical-line.ts";
import { levelField } from "./deposit.ts";
import { depositTexts } from "./deposit-texts.ts";
import { fillLetter, type LetterFacts, type LetterTemplate, letterTemplateNames, letterTemplates } from "./letter-templates.ts";
import { letterTexts } from "./letter-texts.ts";
import { publish } from "./new-document.ts";
import { nationalNumberOf, patientBanner, type RecordVisit, readPatient, recordPath } from "./record-visit.ts";

interface State {
  values: Readonly<Record<string, string>>;
  problems: Problems;
  key?: string;
}

/** The templates to choose from. */
export async function lettersPage(visit: RecordVisit, deps: Deps): Promise<Response> {
  const { language, patientId, context } = visit;
  const text = (name: keyof typeof letterTexts): string => letterTexts[name][language];
  const [patient, profile] = await Promise.all([readPatient(visit, deps.record, patientId), deps.practice.profile(context)]);
  return page(visit, {
    title: text("title"),
    area: "professional",
    content: html`${patient && patientBanner(visit, patient)}<p class="lead">${text("lead")}</p>
${profile ? undefined : html`<p class="notice">${text("head")} <a href="/portal/practice/profile">${text("headLink")}</a></p>`}
<ul class="tiles">${letterTemplateNames.map((name) => html`<li><a class="tile" href="${recordPath(patientId, `/write?template=${name}`)}"><strong>${text(name)}</strong><span>${text(`${name}Hint`)}</span></a></li>`)}</ul>`,
  });
}

/** @throws NoSuchPage */
function templateOf(name: string | undefined): LetterTemplate {
  const found = letterTemplateNames.find((each) => each === name);
  if (!found) throw new NoSuchPage();
  return found;
}

/** A letter or a note, filled as far as the record can fill it. */
export async function writePage(visit: RecordVisit, deps: Deps): Promise<Response> {
  const { language, patientId, call, context } = visit;
  const template = templateOf(call.req.query("template"));
  const patient = await readPatient(visit, deps.record, patientId);
  if (!patient) throw new NoSuchPage();
  const draft = await deps.drafts.find(context, draftOf(visit, template));
  if (draft.text !== undefined) return show(visit, patient, template, { values: draft, problems: {} });
  const filled = template === "note" ? letterTexts.noteBody[language] : fillLetter(template, await factsOf(visit, deps, patient), language);
  return show(visit, patient, template, { values: { name: letterTexts[template][language], text: filled }, problems: {} });
}

function draftOf({ patientId }: RecordVisit, template: LetterTemplate): string {
  return `write-${template}-${patientId}`;
}

function show(visit: RecordVisit, patient: Patient, template: LetterTemplate, { values, problems, key }: State): Response {
  const { language, patientId } = visit;
  const text = (name: keyof typeof letterTexts): string => letterTexts[name][language];
  const action = recordPath(patientId, `/write?template=${template}`);
  return page(visit, {
    title: text(template),
    area: "professional",
    status: Object.keys(problems).length > 0 ? 422 : 200,
    content: html`${patientBanner(visit, patient)}<p class="soft">${text(`${template}Hint`)}</p>${form(visit, {
      action,
      submit: text("submit"),
      problems,
      draft: draftOf(visit, template),
      ...(key === undefined ? {} : { key }),
      content: html`${textField({ name: "name", label: text("name"), value: values.name, problem: problems.name, maxLength: 120 })}
${textArea({ name: "text", label: text("text"), value: values.text, problem: problems.text, rows: 20, maxLength: 20_000 })}
${levelField(visit, values.level)}
${choiceField({ name: "send", label: text("afterwards"), type: "checkbox", values: values.send === undefined ? [] : ["yes"], optional: layoutTexts.optional[language], choices: [{ value: "yes", text: text("send") }] })}`,
      aside: html`<button class="button-secondary" name="restart" value="yes">${text("restart")}</button>`,
    })}`,
  });
}

/** What holds now, as lines of a letter; a kind that is not open to the profession is left out of its letters. */
async function factsOf(visit: RecordVisit, { record, practice }: Deps, patient: Patient): Promise<LetterFacts> {
  const { caller, language, patientId, principal, context } = visit;
  const current = async <T extends Resource>(
    type: T["resourceType"],
    line: (each: T, of: typeof language) => ClinicalLine,
  ): Promise<string[]> => {
    const page = await record.search<T>(caller, type, { patient: patientId, _count: "100" }).catch(unlessForbidden);
    // What the profession may not see is a gap to fill, not a "nothing".
    if (!page) return ["…"];
    const lines = page.found.map((each) => line(each, language)).filter((each) => each.current);
    return lines.map(({ title, value }) => [title, value].filter(Boolean).join(" "));
  };
  const [allergies, statements, requests, problems, profile] = await Promise.all([
    current<AllergyIntolerance>("AllergyIntolerance", allergyLine),
    current<MedicationStatement>("MedicationStatement", medicationLine),
    current<MedicationRequest>("MedicationRequest", medicationLine),
    current<Condition>("Condition", conditionLine),
    practice.profile(context),
  ]);
  const head = profile ? [profile.name, profile.address, profile.phone, profile.email].filter(Boolean).join("\n") : "";
  return {
    ...{ head: head === "" ? "" : `${head}\n`, today: dateText(localDay(), language), patient: nameText(patient.name) },
    ...{ birthDate: dateText(patient.birthDate, language), number: nationalNumberOf(patient) },
    ...{ allergies, problems, medication: [...new Set([...statements, ...requests])] },
    closing: `${profile?.closing || profileTexts.closingUsual[language]}\n${principal.name ?? ""}`,
  };
}

function unlessForbidden(error: unknown): undefined {
  if (error instanceof ServiceError && error.status === 403) return undefined;
  throw error;
}

export async function write(visit: RecordVisit, deps: Deps): Promise<Response> {
  const { language, patientId, call, context } = visit;
  const template = templateOf(call.req.query("template"));
  const sent = await readForm(visit, deps);
  if (sent.text("restart") === "yes") {
    await deps.drafts.remove(context, draftOf(visit, template));
    return redirectAfterForm(call, recordPath(patientId, `/write?template=${template}`));
  }
  const problems: Record<string, string> = {};
  if (sent.text("name") === "") problems.name = letterTexts.nameMissing[language];
  if (sent.text("text") === "") problems.text = letterTexts.textMissing[language];
  const { code } = letterTemplates[template];
  const made =
    Object.keys(problems).length > 0
      ? undefined
      : await publish(
          visit,
          deps,
          {
            ...{ title: sent.text("name"), code, typeText: depositTexts[code][language], date: new Date().toISOString() },
            ...{ level: sent.text("level") === "restricted" ? "restricted" : "normal", contentType: "text/plain" },
            bytes: Buffer.from(`${sent.text("text").replaceAll("\r\n", "\n")}\n`),
          },
          sent.key,
        );
  if (made === undefined) {
    const patient = await readPatient(visit, deps.record, patientId);
    if (!patient) throw new NoSuchPage();
    const refused = Object.keys(problems).length > 0 ? problems : { text: depositTexts.notAllowed[language] };
    return show(visit, patient, template, { values: sent.fields, problems: refused, key: sent.pageKey });
  }
  await deps.drafts.remove(context, draftOf(visit, template));
  if (template !== "note") await deps.practice.finish(context, "start", "letter");
  const next = `/portal/professional/messages/new?${new URLSearchParams({ patient: patientId, document: made })}`;
  const back = recordPath(patientId, `?done=${template === "note" ? "note" : "letter"}`);
  return redirectAfterForm(call, sent.text("send") === "yes" && made !== "" ? next : back);
}
