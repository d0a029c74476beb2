import type { Organization, Practitioner } from "@medplum/fhirtypes";
import { flag, type Html, html } from "../../../lib/html.ts";
import type { Deps } from "../../deps.ts";
import { documentTypes, documentTypeText, isDocumentType } from "../../layout/document-types.ts";
import { choiceField, form, type Problems, textField } from "../../layout/forms.ts";
import { fill } from "../../layout/language.ts";
import { page } from "../../layout/page.ts";
import { isProfession } from "../../layout/professions.ts";
import { redirectAfterForm } from "../../layout/redirect.ts";
import { layoutTexts } from "../../layout/texts.ts";
import { type Form, readForm } from "../../session/form.ts";
import { NoSuchPage, type PatientVisit } from "../../session/visit.ts";
import { activeConsents, consentOf, ended, kindOf, provisionOf, type Rule, ruleOf, written } from "./consent.ts";
import { displayOf, ruleName } from "./rights.ts";
import { rightsTexts } from "./rights-texts.ts";

const whats = ["permitNormal", "permitRestricted", "permitSecret", "deny"] as const;
type What = (typeof whats)[number];
const levelsOf = { permitNormal: "normal", permitRestricted: "restricted", permitSecret: "secret", deny: "normal" } as const;

type About = Pick<Rule, "who" | "display">;

interface State {
  what: string | undefined;
  types: readonly string[];
  until: string;
  problems: Problems;
  key?: string;
}

/** Decides about one person, organisation or profession. */
export async function rulePage(visit: PatientVisit, deps: Deps): Promise<Response> {
  const about = await aboutOf(visit, deps, visit.call.req.query("who") ?? "");
  const present = (await activeConsents(visit.caller, deps.record, visit.patientId)).map(ruleOf).find((rule) => rule?.who === about.who);
  const what = present && (present.type === "deny" ? "deny" : whats.find((each) => each !== "deny" && levelsOf[each] === present.level));
  return show(visit, about, { what, types: present?.documentTypes ?? [], until: present?.until ?? "", problems: {} });
}

/** Whom it is about, as the directory names them. */
async function aboutOf({ caller }: PatientVisit, { record }: Deps, who: string): Promise<About> {
  const profession = /^profession:(.+)$/.exec(who)?.[1];
  if (profession !== undefined && isProfession(profession)) return { who, display: profession };
  const [, type, id = ""] = /^(Practitioner|Organization)\/([A-Za-z0-9\-.]{1,64})$/.exec(who) ?? [];
  if (type === "Practitioner") return { who, display: displayOf(await record.read<Practitioner>(caller, type, id)) };
  if (type === "Organization") return { who, display: displayOf(await record.read<Organization>(caller, type, id)) };
  throw new NoSuchPage();
}

function show(visit: PatientVisit, about: About, { what, types, until, problems, key }: State): Response {
  const { language } = visit;
  const text = (name: keyof typeof rightsTexts): string => rightsTexts[name][language];
  const name = ruleName({ ...about, type: "permit", level: "normal", documentTypes: [] }, language);
  return page(visit, {
    title: fill(text("ruleTitle"), { name }),
    area: "patient",
    status: Object.keys(problems).length > 0 ? 422 : 200,
    content: form(visit, {
      action: "/portal/patient/rights",
      submit: text("save"),
      problems,
      ...(key === undefined ? {} : { key }),
      content: html`<input type="hidden" name="who" value="${about.who}">
${choiceField({ name: "what", label: text("what"), type: "radio", value: what, problem: problems.what, choices: whats.map((value) => ({ value, text: text(value) })) })}
${kindsField(language, types)}
${textField({ name: "until", label: text("untilWhen"), hint: text("untilHint"), value: until, type: "date", problem: problems.until, optional: layoutTexts.optional[language] })}`,
      aside: html`<a href="/portal/patient/rights">${text("back")}</a>`,
    }),
  });
}

/** Folded away: most decisions are about everything. */
function kindsField(language: PatientVisit["language"], types: readonly string[]): Html {
  const choices = documentTypes.map((value) => ({ value, text: documentTypeText(value, language) }));
  const label = rightsTexts.types[language];
  return html`<details${flag("open", types.length > 0)}><summary>${rightsTexts.onlySome[language]}</summary>${choiceField({
    ...{ name: "types", label, hint: rightsTexts.typesHint[language], type: "checkbox", values: types, choices },
  })}</details>`;
}

/** Writes a decision in place of an earlier one about the same. */
export async function addRule(visit: PatientVisit, deps: Deps): Promise<Response> {
  const { caller, call, language, patientId } = visit;
  const sent = await readForm(visit, deps);
  const about = await aboutOf(visit, deps, sent.text("who"));
  const what = whats.find((each) => each === sent.text("what"));
  const problems = problemsOf(sent, what, language);
  if (!what || Object.keys(problems).length > 0) {
    return show(visit, about, { what, types: sent.all("types"), until: sent.text("until"), problems, key: sent.pageKey });
  }
  const rule: Rule = {
    ...about,
    type: what === "deny" ? "deny" : "permit",
    level: levelsOf[what],
    documentTypes: sent.all("types").filter(isDocumentType),
    until: sent.text("until") || undefined,
  };
  const earlier = (await activeConsents(caller, deps.record, patientId)).filter(
    (consent) => kindOf(consent) === "access-rule" && ruleOf(consent)?.who === about.who,
  );
  const [first, ...others] = earlier;
  const provision = provisionOf(rule);
  const consent = first ? { ...first, provision } : consentOf(patientId, "access-rule", provision);
  await deps.record.transaction(caller, [consent, ...others.map(ended)].map(written), sent.key);
  return redirectAfterForm(call, "/portal/patient/rights?done=saved");
}

function problemsOf(sent: Form, what: What | undefined, language: PatientVisit["language"]): Problems {
  const until = sent.text("until");
  const isFuture = /^\d{4}-\d{2}-\d{2}$/.test(until) && Date.parse(`${until}T23:59:59Z`) > Date.now();
  return {
    ...(what === undefined ? { what: rightsTexts.whatMissing[language] } : {}),
    ...(until === "" || isFuture ? {} : { until: rightsTexts.untilWrong[language] }),
  };
}
