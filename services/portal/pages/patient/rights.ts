import type { Consent, Organization, Practitioner } from "@medplum/fhirtypes";
import { type Html, html } from "../../../lib/html.ts";
import type { Language } from "../../../lib/language.ts";
import type { Caller } from "../../clients/caller.ts";
import type { RecordClient } from "../../clients/record.ts";
import type { Deps } from "../../deps.ts";
import { documentTypeText } from "../../layout/document-types.ts";
import { actionButton, choiceField, form, selectField, textField } from "../../layout/forms.ts";
import { dateText, fill } from "../../layout/language.ts";
import { page } from "../../layout/page.ts";
import { professions, professionText } from "../../layout/professions.ts";
import { redirectAfterForm } from "../../layout/redirect.ts";
import { readForm } from "../../session/form.ts";
import type { PatientVisit } from "../../session/visit.ts";
import {
  activeConsents,
  consentOf,
  defaultLevelOf,
  defaultLevelProvision,
  emergencyProvision,
  ended,
  kindOf,
  type Rule,
  ruleOf,
  written,
} from "./consent.ts";
import { documentTexts } from "./document-texts.ts";
import { nameText } from "./overview.ts";
import { rightsTexts } from "./rights-texts.ts";

const foundMax = 10;
const levels = ["normal", "restricted", "secret"] as const;

/** What the patient decided, and the ways to decide more. */
export async function rightsPage(visit: PatientVisit, { record }: Deps): Promise<Response> {
  const { caller, language, call, patientId } = visit;
  const text = (name: keyof typeof rightsTexts): string => rightsTexts[name][language];
  const name = (call.req.query("find") ?? "").trim().slice(0, 80);
  const [consents, found] = await Promise.all([
    activeConsents(caller, record, patientId),
    name === "" ? undefined : findProfessionals(caller, record, name),
  ]);
  const rules = consents.filter((consent) => kindOf(consent) === "access-rule" && ruleOf(consent) !== undefined);
  const done = call.req.query("done");
  return page(visit, {
    title: text("title"),
    area: "patient",
    notice: done === "saved" || done === "ended" ? html`<p>${text(done)}</p>` : undefined,
    content: html`<p class="lead">${text("lead")}</p>
<h2>${text("decisions")}</h2>
${rules.length === 0 ? html`<p class="empty">${text("none")}</p>` : html`<ul class="entries">${rules.map((consent) => ruleItem(visit, consent, "/portal/patient/rights"))}</ul>`}
<h2>${text("change")}</h2>
${chooser(language, name, found)}
<h2>${text("defaults")}</h2>
${defaultsForm(visit, consents)}`,
  });
}

interface Found {
  who: string;
  display: string;
}

/** People and organisations of the directory whose name begins so. */
async function findProfessionals(caller: Caller, record: RecordClient, name: string): Promise<Found[]> {
  const [people, organizations] = await Promise.all([
    record.search<Practitioner>(caller, "Practitioner", { name: name.split(/\s+/), _count: String(foundMax) }),
    record.search<Organization>(caller, "Organization", { name: `${name}`, _count: String(foundMax) }),
  ]);
  return [
    ...people.found.map((each) => ({ who: `Practitioner/${each.id}`, display: displayOf(each) })),
    ...organizations.found.map((each) => ({ who: `Organization/${each.id}`, display: displayOf(each) })),
  ];
}

export function displayOf(resource: Practitioner | Organization): string {
  if (resource.resourceType === "Organization") return resource.name ?? resource.id ?? "";
  const prefix = resource.name?.[0]?.prefix?.[0];
  return [prefix, nameText(resource.name)].filter(Boolean).join(" ") || (resource.id ?? "");
}

function chooser(language: Language, name: string, found: readonly Found[] | undefined): Html {
  const text = (key: keyof typeof rightsTexts): string => rightsTexts[key][language];
  const results =
    found &&
    (found.length === 0
      ? html`<p class="empty">${text("notFound")}</p>`
      : html`<ul class="entries">${found.map(
          ({ who, display }) =>
            html`<li><span class="entry">${display}</span><a class="button-secondary" href="/portal/patient/rights/new?who=${encodeURIComponent(who)}">${text("choose")} <span class="hidden">${display}</span></a></li>`,
        )}</ul>`);
  return html`<form class="filters" id="find" method="get" action="/portal/patient/rights#find" role="search" aria-label="${text("change")}">${textField({ name: "find", label: text("find"), value: name, type: "search" })}<p class="actions"><button class="button">${text("findButton")}</button></p></form>
${results}
<form class="filters" method="get" action="/portal/patient/rights/new">${selectField({ name: "who", label: text("profession"), choices: professions.map((code) => ({ value: `profession:${code}`, text: professionText(code, language) })) })}<p class="actions"><button class="button-secondary">${text("choose")}</button></p></form>`;
}

/** A decision in words, and the way to end it. */
export function ruleItem(visit: PatientVisit, consent: Consent, action: string): Html | undefined {
  const rule = ruleOf(consent);
  if (!rule) return undefined;
  const { language } = visit;
  const name = ruleName(rule, language);
  return html`<li><div class="entry"><p><strong>${name}</strong></p><p class="soft small">${ruleText(rule, language)}</p></div>${actionButton(visit, { action: `${action}/${consent.id}/end`, text: rightsTexts.end[language], about: name })}</li>`;
}

export function ruleName({ who, display }: Rule, language: Language): string {
  return who.startsWith("profession:") ? professionText(who.slice("profession:".length), language) : display;
}

export function ruleText({ type, level, documentTypes, until }: Rule, language: Language): string {
  const text = (name: keyof typeof rightsTexts): string => rightsTexts[name][language];
  const upTo = { normal: "upToNormal", restricted: "upToRestricted", secret: "upToSecret" } as const;
  const types = documentTypes.map((code) => documentTypeText(code, language)).join(", ");
  return [
    `${type === "permit" ? text("allowed") : text("blocked")}: ${types || text("everything")}`,
    type === "permit" ? text(upTo[level]) : "",
    until === undefined ? "" : fill(text("until"), { date: dateText(until, language) }),
  ]
    .filter(Boolean)
    .join(" · ");
}

function defaultsForm(visit: PatientVisit, consents: readonly Consent[]): Html {
  const { language } = visit;
  const text = (name: keyof typeof rightsTexts): string => rightsTexts[name][language];
  const objects = consents.some((consent) => kindOf(consent) === "emergency-objection");
  return form(visit, {
    action: "/portal/patient/rights/defaults",
    submit: text("save"),
    content: html`${choiceField({
      name: "level",
      label: text("newEntries"),
      type: "radio",
      value: defaultLevelOf(consents),
      choices: levels.map((level) => ({
        value: level,
        text: documentTexts[level][language],
        hint: documentTexts[`${level}Hint`][language],
      })),
    })}
${choiceField({
  name: "emergency",
  label: text("emergency"),
  hint: text("emergencyHint"),
  type: "radio",
  value: objects ? "no" : "yes",
  choices: [
    { value: "yes", text: text("emergencyYes") },
    { value: "no", text: text("emergencyNo") },
  ],
})}`,
  });
}

/** The level of new parts and the objection to emergencies: both in one, or neither. */
export async function saveDefaults(visit: PatientVisit, deps: Deps): Promise<Response> {
  const { caller, call, patientId } = visit;
  const sent = await readForm(visit, deps);
  const consents = await activeConsents(caller, deps.record, patientId);
  const level = levels.find((each) => each === sent.text("level")) ?? defaultLevelOf(consents);
  const present = consents.find((consent) => kindOf(consent) === "default-level");
  const objections = consents.filter((consent) => kindOf(consent) === "emergency-objection");
  const objects = sent.text("emergency") === "no";
  const provision = defaultLevelProvision(level);
  const entries = [
    ...(level === defaultLevelOf(consents) ? [] : [present ? { ...present, provision } : consentOf(patientId, "default-level", provision)]),
    ...(objects && objections.length === 0 ? [consentOf(patientId, "emergency-objection", emergencyProvision)] : []),
    ...(objects ? [] : objections.map(ended)),
  ].map(written);
  if (entries.length > 0) await deps.record.transaction(caller, entries, sent.key);
  return redirectAfterForm(call, "/portal/patient/rights?done=saved");
}

/** Ends a decision; ended twice it is ended. */
export async function endConsent(visit: PatientVisit, deps: Deps, back: string): Promise<Response> {
  const { caller, call } = visit;
  const sent = await readForm(visit, deps);
  const consent = await deps.record.read<Consent>(caller, "Consent", call.req.param("id") ?? "");
  if (consent.status === "active") await deps.record.update(caller, ended(consent), sent.key);
  return redirectAfterForm(call, `${back}?done=ended`);
}
