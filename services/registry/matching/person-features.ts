import type { Patient } from "@medplum/fhirtypes";
import { nationalNumberSystem } from "../../lib/national-number.ts";
import { foldName, joinedName } from "./fold-name.ts";

/** What two records of people are compared by. */
export interface PersonFeatures {
  nationalNumbers: string[];
  /** Others than the national number, `system|value`. */
  identifiers: string[];
  /** As they are written; all that the person bears or bore. */
  families: string[];
  /** The first given name of each name, as it is written; then the others. */
  givens: string[];
  /** YYYY-MM-DD; a date without a day does not count. */
  birthDate: string | undefined;
  gender: string | undefined;
  /** Postal code or, without one, the city, folded. */
  places: string[];
  /** Telephone numbers by their last eight digits, mail addresses in lower case. */
  contacts: string[];
}

export function featuresOf(patient: Patient): PersonFeatures {
  const names = patient.name ?? [];
  const identified = (patient.identifier ?? []).filter(({ value }) => value !== undefined);
  return {
    nationalNumbers: distinct(identified.filter(({ system }) => system === nationalNumberSystem).map(({ value }) => value ?? "")),
    identifiers: distinct(
      identified.filter(({ system }) => system && system !== nationalNumberSystem).map(({ system, value }) => `${system}|${value}`),
    ),
    families: distinct(names.flatMap(({ family }) => family ?? [])),
    givens: distinct([...names.flatMap(({ given }) => given?.[0] ?? []), ...names.flatMap(({ given }) => given?.slice(1) ?? [])]),
    birthDate: /^\d{4}-\d\d-\d\d$/.test(patient.birthDate ?? "") ? patient.birthDate : undefined,
    gender: patient.gender === "female" || patient.gender === "male" ? patient.gender : undefined,
    places: distinct((patient.address ?? []).flatMap(({ postalCode, city }) => joinedName(postalCode ?? "") || foldName(city ?? ""))),
    contacts: distinct((patient.telecom ?? []).flatMap(({ value }) => contactKey(value ?? ""))),
  };
}

function contactKey(value: string): string[] {
  if (value.includes("@")) return [value.trim().toLowerCase()];
  const digits = value.replace(/\D/g, "");
  return digits.length >= 6 ? [digits.slice(-8)] : [];
}

function distinct(texts: readonly string[]): string[] {
  return [...new Set(texts)].filter((text) => text !== "");
}
