import type { Consent } from "@medplum/fhirtypes";
import { html } from "../../../lib/html.ts";
import type { Deps } from "../../deps.ts";
import { actionButton, choiceField, form, type Problems } from "../../layout/forms.ts";
import { page } from "../../layout/page.ts";
import { redirectAfterForm } from "../../layout/redirect.ts";
import { readForm } from "../../session/form.ts";
import type { PatientVisit } from "../../session/visit.ts";
import { activeConsents, closing, kindOf, reopening } from "./consent.ts";
import { recordTexts } from "./record-texts.ts";

/** What the patient may do with the record as a whole. */
export async function recordPage(visit: PatientVisit, deps: Deps): Promise<Response> {
  return await show(visit, deps, {});
}

async function show(visit: PatientVisit, { record, signIn }: Deps, problems: Problems): Promise<Response> {
  const { caller, language, patientId, call } = visit;
  const text = (name: keyof typeof recordTexts): string => recordTexts[name][language];
  const isClosed = (await activeConsents(caller, record, patientId)).some((consent) => kindOf(consent) === "closed");
  return page(visit, {
    title: text("title"),
    area: "patient",
    status: Object.keys(problems).length > 0 ? 422 : 200,
    notice: call.req.query("done") === undefined ? undefined : html`<p>${text("done")}</p>`,
    content: html`<p class="lead">${text("lead")}</p>
<h2>${text("download")}</h2><p>${text("downloadHint")}</p>
<p><a class="button-secondary" href="/portal/patient/record/download" download>${text("download")}</a></p>
<h2>${text("account")}</h2><p>${text("accountHint")}</p><p><a class="button-secondary" href="${signIn.issuer}/account">${text("account")}</a></p>
<h2>${isClosed ? text("closed") : text("open")}</h2>
${
  isClosed
    ? html`<p>${text("closedHint")}</p>${actionButton(visit, { action: "/portal/patient/record/reopen", text: text("reopen") })}`
    : html`<p>${text("closeHint")}</p>${form(visit, {
        action: "/portal/patient/record/close",
        submit: text("close"),
        danger: true,
        problems,
        content: choiceField({
          ...{
            name: "sure",
            label: text("confirm"),
            type: "checkbox",
            problem: problems.sure,
            choices: [{ value: "yes", text: text("sure") }],
          },
        }),
      })}`
}`,
  });
}

export async function closeRecord(visit: PatientVisit, deps: Deps): Promise<Response> {
  const { caller, call, language, patientId } = visit;
  const sent = await readForm(visit, deps);
  if (sent.text("sure") !== "yes") return await show(visit, deps, { sure: recordTexts.sureMissing[language] });
  const active = await activeConsents(caller, deps.record, patientId);
  if (!active.some((consent) => kindOf(consent) === "closed")) {
    await deps.record.transaction(caller, closing(patientId, active), sent.key);
  }
  return redirectAfterForm(call, "/portal/patient/record?done=closed");
}

export async function reopenRecord(visit: PatientVisit, deps: Deps): Promise<Response> {
  const { caller, call, patientId } = visit;
  const sent = await readForm(visit, deps);
  const closed = (await activeConsents(caller, deps.record, patientId)).filter((consent) => kindOf(consent) === "closed");
  if (closed.length > 0) {
    const query = { patient: patientId, status: "inactive", _count: "500" };
    const inactive = await deps.record.search<Consent>(caller, "Consent", query);
    await deps.record.transaction(caller, reopening(closed, inactive.found), sent.key);
  }
  return redirectAfterForm(call, "/portal/patient/record?done=opened");
}
