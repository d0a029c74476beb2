import type { Consent } from "@medplum/fhirtypes";
import { type Html, html } from "../../../lib/html.ts";
import type { Deps } from "../../deps.ts";
import { choiceField, form, type Problems, textField } from "../../layout/forms.ts";
import { page } from "../../layout/page.ts";
import { redirectAfterForm } from "../../layout/redirect.ts";
import { layoutTexts } from "../../layout/texts.ts";
import { type Form, readForm } from "../../session/form.ts";
import { isSelf, type PatientVisit } from "../../session/visit.ts";
import { activeConsents, consentOf, kindOf, provisionOf, ruleOf, written } from "./consent.ts";
import { delegatesTexts } from "./delegates-texts.ts";
import { ruleItem } from "./rights.ts";

const levels = ["normal", "restricted", "secret"] as const;

interface State {
  values: Readonly<Record<string, string>>;
  problems: Problems;
  key?: string;
}

/** Who acts for the patient, and for whom the patient acts. */
export async function delegatesPage(visit: PatientVisit, deps: Deps): Promise<Response> {
  return await show(visit, deps, { values: {}, problems: {} });
}

async function show(visit: PatientVisit, { record }: Deps, { values, problems, key }: State): Promise<Response> {
  const { caller, language, patientId, call, principal } = visit;
  const text = (name: keyof typeof delegatesTexts): string => delegatesTexts[name][language];
  const consents = await activeConsents(caller, record, patientId);
  const delegates = consents.filter((consent) => kindOf(consent) === "delegate" || isPerson(ruleOf(consent)?.who));
  const done = call.req.query("done");
  return page(visit, {
    title: text("title"),
    area: "patient",
    status: Object.keys(problems).length > 0 ? 422 : 200,
    notice: done === "saved" || done === "ended" ? html`<p>${text(done)}</p>` : undefined,
    content: html`${isSelf(visit) ? ownDelegates(visit, delegates, { values, problems, ...(key === undefined ? {} : { key }) }) : undefined}
<h2>${text("own")}</h2>
<dl class="facts"><dt>${text("ownCode")}</dt><dd><strong>${(principal.person ?? "").split("/")[1] ?? patientId}</strong></dd></dl>
<p class="soft">${text("ownHint")}</p>
<p>${text("switchHint")}</p><p><a class="button-secondary" href="/portal/sign-in">${text("switch")}</a></p>`,
  });
}

/** Those who act for the patient, and the form for another one. */
function ownDelegates(visit: PatientVisit, delegates: readonly Consent[], { values, problems, key }: State): Html {
  const { language } = visit;
  const text = (name: keyof typeof delegatesTexts): string => delegatesTexts[name][language];
  return html`<p class="lead">${text("lead")}</p>
<h2>${text("now")}</h2>
${delegates.length === 0 ? html`<p class="empty">${text("none")}</p>` : html`<ul class="entries">${delegates.map((consent) => ruleItem(visit, consent, "/portal/patient/delegates"))}</ul>`}
<h2>${text("add")}</h2>
${form(visit, {
  action: "/portal/patient/delegates",
  submit: text("submit"),
  problems,
  ...(key === undefined ? {} : { key }),
  content: html`${textField({ name: "name", label: text("name"), value: values.name, problem: problems.name, maxLength: 120 })}
${textField({ name: "code", label: text("code"), hint: text("codeHint"), value: values.code, problem: problems.code, maxLength: 64 })}
${choiceField({ name: "level", label: text("level"), type: "radio", value: values.level ?? "restricted", choices: levels.map((value) => ({ value, text: text(value) })) })}
${textField({ name: "until", label: text("until"), value: values.until, type: "date", problem: problems.until, optional: layoutTexts.optional[language] })}`,
})}`;
}

function isPerson(who: string | undefined): boolean {
  return who?.startsWith("Patient/") === true || who?.startsWith("RelatedPerson/") === true;
}

export async function addDelegate(visit: PatientVisit, deps: Deps): Promise<Response> {
  const { caller, call, patientId } = visit;
  const sent = await readForm(visit, deps);
  const problems = problemsOf(visit, sent);
  if (Object.keys(problems).length > 0) return await show(visit, deps, { values: sent.fields, problems, key: sent.pageKey });
  const who = `Patient/${sent.text("code")}`;
  const level = levels.find((each) => each === sent.text("level")) ?? "normal";
  const provision = provisionOf({
    who,
    display: sent.text("name"),
    type: "permit",
    level,
    documentTypes: [],
    until: sent.text("until") || undefined,
  });
  const present = (await activeConsents(caller, deps.record, patientId)).find((consent) => ruleOf(consent)?.who === who);
  const consent = present ? { ...present, provision } : consentOf(patientId, "delegate", provision);
  await deps.record.transaction(caller, [written(consent)], sent.key);
  return redirectAfterForm(call, "/portal/patient/delegates?done=saved");
}

function problemsOf({ language, patientId }: PatientVisit, sent: Form): Problems {
  const text = (name: keyof typeof delegatesTexts): string => delegatesTexts[name][language];
  const [code, until] = [sent.text("code"), sent.text("until")];
  const isFuture = /^\d{4}-\d{2}-\d{2}$/.test(until) && Date.parse(`${until}T23:59:59Z`) > Date.now();
  return {
    ...(sent.text("name") === "" ? { name: text("nameMissing") } : {}),
    ...(/^[A-Za-z0-9\-.]{1,64}$/.test(code) ? {} : { code: text("codeWrong") }),
    ...(code === patientId ? { code: text("codeOwn") } : {}),
    ...(until === "" || isFuture ? {} : { until: text("untilWrong") }),
  };
}
