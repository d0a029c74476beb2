import type { Patient } from "@medplum/fhirtypes";
import { type Html, html } from "../../../lib/html.ts";
import type { Language } from "../../../lib/language.ts";
import { nationalNumberSystem } from "../../../lib/national-number.ts";
import { ServiceError } from "../../clients/caller.ts";
import type { RecordClient } from "../../clients/record.ts";
import { dateText, fill } from "../../layout/language.ts";
import type { Member } from "../../session/visit.ts";
import { nameText } from "../patient/overview.ts";
import type { Opening } from "../practice/store.ts";
import { recordVisitTexts } from "./record-visit-texts.ts";

/** A request of a professional about one patient, who has said why. */
export interface RecordVisit extends Member {
  patientId: string;
  opening: Opening;
}

export function recordPath(patientId: string, more = ""): string {
  return `/portal/professional/patients/${encodeURIComponent(patientId)}${more}`;
}

/** Undefined: there is no such patient, or not for this professional; the two look the same. */
export async function readPatient({ caller }: Member, record: RecordClient, patientId: string): Promise<Patient | undefined> {
  return await record.read<Patient>(caller, "Patient", patientId).catch((error: unknown) => {
    if (error instanceof ServiceError && [403, 404, 410].includes(error.status)) return undefined;
    throw error;
  });
}

/** As lists name a patient: family name, given names, day of birth. */
export function patientLabel(patient: Patient, language: Language): string {
  return [nameText(patient.name), dateText(patient.birthDate, language)].filter(Boolean).join(", ");
}

export function nationalNumberOf({ identifier }: Patient): string {
  const value = identifier?.find(({ system }) => system === nationalNumberSystem)?.value ?? "";
  return value.length === 13 ? `${value.slice(0, 4)} ${value.slice(4, 8)} ${value.slice(8)}` : value;
}

export function ageOf({ birthDate, deceasedDateTime }: Patient, now = new Date()): number | undefined {
  if (birthDate === undefined || birthDate.length < 10) return undefined;
  const at = deceasedDateTime === undefined ? now.toISOString() : deceasedDateTime;
  const years = Number(at.slice(0, 4)) - Number(birthDate.slice(0, 4));
  return at.slice(5, 10) < birthDate.slice(5, 10) ? years - 1 : years;
}

/**
 * Who it is about, on every page of a record: a slip into the wrong one must be seen.
 * @param name false where the page's heading is the name
 */
export function patientBanner(
  { language }: Member,
  patient: Patient,
  { link = true, name = true }: { link?: boolean; name?: boolean } = {},
): Html {
  const text = (key: keyof typeof recordVisitTexts): string => recordVisitTexts[key][language];
  const age = ageOf(patient);
  const number = nationalNumberOf(patient);
  const called = nameText(patient.name) || text("nameless");
  const isDead = patient.deceasedBoolean === true || patient.deceasedDateTime !== undefined;
  const facts = [
    [dateText(patient.birthDate, language), age === undefined ? "" : `(${fill(text("age"), { age })})`].filter(Boolean).join(" "),
    patient.gender === undefined ? "" : text(patient.gender),
    number === "" ? "" : `${text("number")} ${number}`,
  ];
  const heading = html`<strong>${link ? html`<a href="${recordPath(patient.id ?? "")}">${called}</a>` : called}</strong>`;
  return html`<aside class="patient" aria-label="${text("patient")}">${name ? html`<p>${heading}</p>` : undefined}<p class="soft">${facts.filter(Boolean).join(" · ")}${isDead ? html` <span class="tag tag-warning">${text("deceased")}</span>` : undefined}</p></aside>`;
}
