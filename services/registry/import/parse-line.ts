import { createHash } from "node:crypto";
import { parseResource } from "../../lib/fhir/exact-json.ts";
import type { AnyResource } from "../../lib/fhir/validate.ts";
import { nationalNumberSystem } from "../../lib/national-number.ts";
import { fhirError } from "../../lib/operation-outcome.ts";
import { isResourceType, type ResourceType } from "../deps.ts";
import { parseRow } from "./split-records.ts";

export const importKinds = ["patients", "practitioners"] as const;
export type ImportKind = (typeof importKinds)[number];

const typesOf: Record<ImportKind, readonly ResourceType[]> = {
  patients: ["Patient"],
  practitioners: ["Practitioner", "PractitionerRole", "Organization"],
};

/** The code system of professions, whose codes the record's rights know: services/record/rights/professions.ts lists them. */
export const professionSystem = "urn:dsp:profession";

/** Columns of a CSV file; those marked by `!` must be there. Others than these are refused: they would be lost without a word. */
const columnsOf: Record<ImportKind, readonly string[]> = {
  patients: [
    "national_number",
    "family!",
    "given!",
    "birth_date!",
    "gender",
    "street",
    "postal_code",
    "city",
    "country",
    "phone",
    "email",
    "language",
  ],
  practitioners: [
    "identifier_system!",
    "identifier!",
    "family!",
    "given!",
    "gender",
    "profession!",
    "organization_id",
    "city",
    "phone",
    "email",
  ],
};

/** @throws FhirError 400 for columns that are missing or unknown */
export function checkColumns(kind: ImportKind, columns: readonly string[]): void {
  const known = columnsOf[kind].map((name) => name.replace("!", ""));
  const required = columnsOf[kind].filter((name) => name.endsWith("!")).map((name) => name.slice(0, -1));
  const missing = required.filter((name) => !columns.includes(name));
  const unknown = columns.filter((name) => !known.includes(name));
  if (missing.length > 0) throw fhirError(400, "required", `The first line must name the columns; missing: ${missing.join(", ")}`);
  if (unknown.length > 0) throw fhirError(400, "value", `${unknown.length} columns are not known; known are ${known.join(", ")}`);
  if (new Set(columns).size < columns.length) throw fhirError(400, "value", "A column is named twice");
}

/** A resource of a line, before it is checked. An id may be missing. */
export interface LineResource {
  type: ResourceType;
  body: AnyResource;
  /** Its id follows from the practitioner that the same line brought. */
  roleOf?: { organizationId: string };
}

/** The resources that a line brings: one, and of a professional in CSV also the role. @throws FhirError 400 */
export function parseLine(kind: ImportKind, text: string, columns: readonly string[] | null, separator: "," | ";"): LineResource[] {
  if (columns === null) {
    const { exact, plain } = parseResource(text);
    const type = plain.resourceType;
    if (!isResourceType(type) || !typesOf[kind].includes(type)) {
      throw fhirError(400, "value", `An import of ${kind} takes ${typesOf[kind].join(", ")}`, { expression: "resourceType" });
    }
    return [{ type, body: exact }];
  }
  const values = parseRow(text, separator);
  if (values.length !== columns.length) {
    throw fhirError(400, "structure", `The line has ${values.length} values, the first line names ${columns.length} columns`);
  }
  const row = Object.fromEntries(columns.map((name, place) => [name, values[place] ?? ""]));
  const lacking = columnsOf[kind].filter((name) => name.endsWith("!") && !row[name.slice(0, -1)]).map((name) => name.slice(0, -1));
  if (lacking.length > 0) throw fhirError(400, "required", `No value for ${lacking.join(", ")}`);
  return kind === "patients" ? [{ type: "Patient", body: patientOf(row) }] : practitionerOf(row);
}

type Row = Record<string, string>;

function patientOf(row: Row): AnyResource {
  const { national_number: number = "", street, postal_code: postalCode, city, country, language } = row;
  const address = { ...(street ? { line: [street] } : {}), ...given({ postalCode, city, country }) };
  return {
    ...{ resourceType: "Patient", ...person(row), birthDate: row.birth_date },
    ...(number ? { identifier: [{ use: "official", system: nationalNumberSystem, value: number.replaceAll(" ", "") }] } : {}),
    ...(Object.keys(address).length > 0 ? { address: [address] } : {}),
    ...(language ? { communication: [{ language: { coding: [{ system: "urn:ietf:bcp:47", code: language }] }, preferred: true }] } : {}),
  };
}

function practitionerOf(row: Row): LineResource[] {
  const { identifier_system: system, identifier: value, profession = "", organization_id: organizationId, city } = row;
  const body = {
    ...{ resourceType: "Practitioner", ...person(row), identifier: [{ system, value }] },
    ...(city ? { address: [{ city }] } : {}),
  };
  if (!organizationId) return [{ type: "Practitioner", body }];
  const role = {
    ...{ resourceType: "PractitionerRole", active: true, organization: { reference: `Organization/${organizationId}` } },
    code: [{ coding: [{ system: professionSystem, code: profession }] }],
  };
  return [
    { type: "Practitioner", body },
    { type: "PractitionerRole", body: role, roleOf: { organizationId } },
  ];
}

function person(row: Row): object {
  const telecom = [
    ...(row.phone ? [{ system: "phone", value: row.phone }] : []),
    ...(row.email ? [{ system: "email", value: row.email }] : []),
  ];
  return {
    ...{ active: true, name: [{ use: "official", family: row.family, given: row.given?.split(/\s+/) }] },
    ...given({ gender: row.gender }),
    ...(telecom.length > 0 ? { telecom } : {}),
  };
}

function given(values: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).flatMap(([name, value]) => (value ? [[name, value]] : [])));
}

/** The id of the role that a professional has at an organisation: the same each time it is imported. */
export function roleId(practitionerId: string, organizationId: string): string {
  return `role-${createHash("sha256").update(`${practitionerId}|${organizationId}`).digest("hex").slice(0, 32)}`;
}
