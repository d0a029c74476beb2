import type {
  AllergyIntolerance,
  Condition,
  DiagnosticReport,
  DocumentReference,
  Encounter,
  Immunization,
  MedicationRequest,
  MedicationStatement,
  Observation,
  Patient,
  Resource,
} from "@medplum/fhirtypes";
import { type Html, html } from "../../../lib/html.ts";
import { ServiceError } from "../../clients/caller.ts";
import type { Query } from "../../clients/fhir-client.ts";
import type { Deps } from "../../deps.ts";
import { fill, instantText } from "../../layout/language.ts";
import { page } from "../../layout/page.ts";
import { entryItem, entryOf } from "../patient/entry.ts";
import { nameText } from "../patient/overview.ts";
import { encounterFacts } from "../practice/encounter.ts";
import {
  allergyLine,
  type ClinicalLine,
  clinicalItem,
  conditionLine,
  immunizationLine,
  medicationLine,
  resultLine,
} from "./clinical-line.ts";
import { closedPage } from "./reason.ts";
import { reasonTexts } from "./reason-texts.ts";
import { recordTexts } from "./record-texts.ts";
import { patientBanner, type RecordVisit, readPatient, recordPath } from "./record-visit.ts";

/** What one search gave; undefined: not open to this profession at all. */
type Found<T> = { found: T[]; more: boolean } | undefined;

const done = {
  ...{ note: "doneNote", document: "doneDocument", letter: "doneLetter", prescription: "donePrescription" },
} as const satisfies Readonly<Record<string, keyof typeof recordTexts>>;

/** A record, what matters first. Nothing that came is left out: what does not hold any more is folded, and a cut list says so. */
export async function recordPage(visit: RecordVisit, deps: Deps): Promise<Response> {
  const { language, patientId, opening } = visit;
  const patient = await readPatient(visit, deps.record, patientId);
  if (!patient) return closedPage(visit, patientId);
  const text = (name: keyof typeof recordTexts): string => recordTexts[name][language];
  const reason = opening.reason === "emergency" ? text("emergency") : reasonTexts[opening.reason][language];
  return page(visit, {
    title: nameText(patient.name) || text("title"),
    area: "professional",
    notice: noticeOf(visit),
    content: html`${patientBanner(visit, patient, { name: false })}
<p class="soft small">${fill(text("opened"), { reason })}</p><p class="record-jump no-print"><a href="#actions">${text("actions")}</a></p>
<div class="record"><div class="record-main">${await sections(visit, deps, patient)}</div>
<nav class="record-actions no-print" aria-label="${text("actions")}"><h2 id="actions">${text("actions")}</h2>${actions(visit)}</nav></div>`,
  });
}

function noticeOf({ call, language }: RecordVisit): Html | undefined {
  const what = call.req.query("done") ?? "";
  if (what === "emergency") {
    const until = instantText(call.req.query("until"), language);
    return until === "" ? undefined : html`<p>${fill(recordTexts.doneEmergency[language], { until })}</p>`;
  }
  return what in done ? html`<p>${recordTexts[done[what as keyof typeof done]][language]}</p>` : undefined;
}

function actions({ language, patientId }: RecordVisit): Html {
  const text = (name: keyof typeof recordTexts): string => recordTexts[name][language];
  const about = `patient=${encodeURIComponent(patientId)}`;
  const links = [
    [recordPath(patientId, "/write?template=note"), "note"],
    [recordPath(patientId, "/letters"), "letter"],
    [recordPath(patientId, "/deposit"), "deposit"],
    [recordPath(patientId, "/prescribe"), "prescribe"],
    [`/portal/professional/messages/new?${about}`, "message"],
    [`/portal/professional/referrals/new?${about}`, "refer"],
    [`/portal/practice/visits/new?${about}`, "plan"],
  ] as const;
  return html`<ul>${links.map(([path, name]) => html`<li><a class="button-secondary" href="${path}">${text(name)}</a></li>`)}</ul>
<p class="small"><a href="${recordPath(patientId, "/emergency")}">${text("emergencyLink")}</a></p>`;
}

/** @returns undefined where the profession has no access to the kind */
async function find<T extends Resource>(
  { caller, patientId }: RecordVisit,
  { record }: Deps,
  type: T["resourceType"],
  query: Query,
): Promise<Found<T>> {
  try {
    const { found, next } = await record.search<T>(caller, type, { patient: patientId, ...query });
    return { found, more: next !== undefined };
  } catch (error) {
    if (error instanceof ServiceError && error.status === 403) return undefined;
    throw error;
  }
}

async function sections(visit: RecordVisit, deps: Deps, _patient: Patient): Promise<Html> {
  const all = { _count: "100" };
  const [allergies, statements, requests, conditions, results, reports, documents, immunizations, encounters] = await Promise.all([
    find<AllergyIntolerance>(visit, deps, "AllergyIntolerance", all),
    find<MedicationStatement>(visit, deps, "MedicationStatement", all),
    find<MedicationRequest>(visit, deps, "MedicationRequest", { ...all, _sort: "-authoredon" }),
    find<Condition>(visit, deps, "Condition", all),
    find<Observation>(visit, deps, "Observation", { _sort: "-date", _count: "8" }),
    find<DiagnosticReport>(visit, deps, "DiagnosticReport", { _sort: "-date", _count: "8" }),
    find<DocumentReference>(visit, deps, "DocumentReference", { _sort: "-date", _count: "8" }),
    find<Immunization>(visit, deps, "Immunization", { ...all, _sort: "-date" }),
    find<Encounter>(visit, deps, "Encounter", { _sort: "-date", _count: "5" }),
  ]);
  const { language, patientId } = visit;
  const lines = <T>(given: Found<T>, line: (resource: T, language: RecordVisit["language"]) => ClinicalLine): Found<ClinicalLine> =>
    given && { ...given, found: given.found.map((each) => line(each, language)) };
  const results8 = lines(results, (each, of) => ({ ...resultLine(each, of), path: recordPath(patientId, `/results/${each.id}`) }));
  const visits = encounters && {
    ...encounters,
    found: encounters.found.map(
      (each): ClinicalLine => ({ ...encounterFacts(each, language), warning: "", value: "", current: true, level: "normal" }),
    ),
  };
  return html`${section(visit, "allergies", lines(allergies, allergyLine))}
${section(visit, "medication", joined(lines(statements, medicationLine), lines(requests, medicationLine)))}
${section(visit, "problems", lines(conditions, conditionLine))}
${section(visit, "results", results8)}
${documentsSection(visit, documents, reports)}
${section(visit, "immunizations", lines(immunizations, immunizationLine))}
${section(visit, "visits", visits)}`;
}

function joined(left: Found<ClinicalLine>, right: Found<ClinicalLine>): Found<ClinicalLine> {
  if (!left || !right) return left ?? right;
  return { found: [...left.found, ...right.found], more: left.more || right.more };
}

type SectionName = "allergies" | "medication" | "problems" | "results" | "immunizations" | "visits";

function section({ language }: RecordVisit, name: SectionName, given: Found<ClinicalLine>): Html {
  const text = (each: keyof typeof recordTexts): string => recordTexts[each][language];
  const current = given?.found.filter((line) => line.current) ?? [];
  const earlier = given?.found.filter((line) => !line.current) ?? [];
  return html`<section class="clinical clinical-${name}" aria-labelledby="${name}"><h2 id="${name}">${text(name)}</h2>
${current.length > 0 ? html`<ul class="entries">${current.map((line) => clinicalItem(line, language))}</ul>` : html`<p class="empty">${text(given ? "none" : "notAllowed")}</p>`}
${given?.more ? html`<p class="small">${text("more")}</p>` : undefined}
${earlier.length > 0 ? html`<details><summary>${fill(text("earlier"), { count: earlier.length })}</summary><ul class="entries">${earlier.map((line) => clinicalItem(line, language))}</ul></details>` : undefined}</section>`;
}

function documentsSection(
  { language, patientId }: RecordVisit,
  documents: Found<DocumentReference>,
  reports: Found<DiagnosticReport>,
): Html {
  const text = (each: keyof typeof recordTexts): string => recordTexts[each][language];
  const entries = [...(documents?.found ?? []), ...(reports?.found ?? [])]
    .map((resource) => ({
      ...entryOf(resource, language),
      path: recordPath(patientId, `/${resource.resourceType === "DocumentReference" ? "documents" : "reports"}/${resource.id}`),
    }))
    .toSorted((a, b) => Date.parse(b.date ?? "1900") - Date.parse(a.date ?? "1900"));
  const none = text(documents || reports ? "none" : "notAllowed");
  return html`<section class="clinical" aria-labelledby="documents"><h2 id="documents">${text("documents")}</h2>
${entries.length > 0 ? html`<ul class="entries">${entries.slice(0, 8).map((entry) => entryItem(entry, language))}</ul>` : html`<p class="empty">${none}</p>`}
<p><a href="${recordPath(patientId, "/documents")}">${text("all")}</a></p></section>`;
}
