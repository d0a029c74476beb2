import { type DemoOrganization, type DemoPerson, demoChild, demoOrganizations, demoPeople } from "../lib/demo-people.ts";
import type { AnyResource } from "../lib/fhir/validate.ts";
import { nationalNumber, nationalNumberSystem } from "../lib/national-number.ts";
import type { ResourceType } from "./deps.ts";
import { professionSystem } from "./import/parse-line.ts";

/** One synthetic resource under a fixed id, so that seeding again finds it done. */
export interface SeedResource {
  type: ResourceType;
  id: string;
  resource: AnyResource;
  /** Patients that it deliberately resembles. */
  resembles?: string[];
}

const syntheticTag = { system: "http://terminology.hl7.org/CodeSystem/v3-ActReason", code: "HTEST", display: "test health data" };
const meta = { tag: [syntheticTag] };
/** High sequences, which no synthetic number made elsewhere uses. */
const sequenceBase = 900;
const organizationSystem = "urn:dsp:synthetic-organization";
const practitionerSystem = "urn:dsp:synthetic-practitioner";
const cities: Record<DemoOrganization["kind"], { city: string; postalCode: string }> = {
  practice: { city: "Musterdorf", postalCode: "L-0001" },
  hospital: { city: "Beispielingen", postalCode: "L-0002" },
  pharmacy: { city: "Musterdorf", postalCode: "L-0001" },
  laboratory: { city: "Probstadt", postalCode: "L-0003" },
};
/** http://terminology.hl7.org/CodeSystem/organization-type has one code for all of them. */
const provider = { system: "http://terminology.hl7.org/CodeSystem/organization-type", code: "prov", display: "Healthcare Provider" };
const languageNames = { fr: "French", de: "German", en: "English" } as const;

/** The people and organisations that have accounts, a child, and two patients who are on the list twice. */
export function seedData(): SeedResource[] {
  const patients = demoPeople.filter(({ patientId }) => patientId !== undefined);
  const professionals = demoPeople.filter(({ practitionerId }) => practitionerId !== undefined);
  return [
    ...demoOrganizations.map(organization),
    ...professionals.flatMap(professional),
    ...patients.map((person, place) => patient(person, sequenceBase + place)),
    child(sequenceBase + 50),
    ...duplicates(),
  ];
}

function organization({ id, name, kind }: DemoOrganization): SeedResource {
  const resource = {
    ...{ resourceType: "Organization", id, meta, active: true, name },
    identifier: [{ system: organizationSystem, value: id }],
    type: [{ coding: [provider, { system: "urn:dsp:organization-kind", code: kind }] }],
    address: [{ line: ["Teststrooss 1"], ...cities[kind], country: "LU" }],
  };
  return { type: "Organization", id, resource };
}

function professional(person: DemoPerson): SeedResource[] {
  const { practitionerId: id = "", organizationId = "", profession = "", family, given, gender } = person;
  const place = demoOrganizations.find((each) => each.id === organizationId);
  const practitioner = {
    ...{ resourceType: "Practitioner", id, meta, active: true, gender },
    identifier: [{ system: practitionerSystem, value: id }],
    name: [{ use: "official", family, given: [given] }],
    ...(place ? { address: [{ use: "work", ...cities[place.kind], country: "LU" }] } : {}),
    communication: [languageOf(person)],
  };
  const role = {
    ...{ resourceType: "PractitionerRole", id: `${id}-role`, meta, active: true },
    practitioner: { reference: `Practitioner/${id}`, display: `${given} ${family}` },
    organization: { reference: `Organization/${organizationId}`, ...(place ? { display: place.name } : {}) },
    code: [{ coding: [{ system: professionSystem, code: profession }] }],
  };
  return [
    { type: "Practitioner", id, resource: practitioner },
    { type: "PractitionerRole", id: `${id}-role`, resource: role },
  ];
}

function languageOf({ language }: Pick<DemoPerson, "language">): object {
  return { coding: [{ system: "urn:ietf:bcp:47", code: language, display: languageNames[language] }] };
}

function patient(person: DemoPerson, sequence: number): SeedResource {
  const { patientId: id = "", family, given, gender, birthDate } = person;
  const resource = {
    ...{ resourceType: "Patient", id, meta, active: true, gender, birthDate },
    identifier: [{ use: "official", system: nationalNumberSystem, value: nationalNumber(birthDate, sequence) }],
    name: [{ use: "official", family, given: [given] }],
    address: [home(sequence - sequenceBase)],
    communication: [{ language: languageOf(person), preferred: true }],
  };
  return { type: "Patient", id, resource };
}

function home(number: number): object {
  return { use: "home", line: [`Teststrooss ${10 + number}`], ...cities.practice, country: "LU" };
}

/** The child's guardian is its contact; the RelatedPerson that may act for it is the record's. */
function child(sequence: number): SeedResource {
  const { patientId: id, family, given, gender, birthDate } = demoChild;
  const guardian = demoPeople.find(({ guardianOf }) => guardianOf?.includes(id));
  const resource = {
    ...{ resourceType: "Patient", id, meta, active: true, gender, birthDate },
    identifier: [{ use: "official", system: nationalNumberSystem, value: nationalNumber(birthDate, sequence) }],
    name: [{ use: "official", family, given: [given] }],
    address: [home(2)],
    ...(guardian ? { contact: [contactOf(guardian)] } : {}),
  };
  return { type: "Patient", id, resource };
}

function contactOf({ family, given, gender, patientId }: DemoPerson): object {
  const roleCode = { system: "http://terminology.hl7.org/CodeSystem/v3-RoleCode", code: gender === "female" ? "MTH" : "FTH" };
  return {
    relationship: [{ coding: [roleCode] }],
    name: { family, given: [given] },
    gender,
    ...(patientId === undefined
      ? {}
      : { extension: [{ url: "urn:dsp:contact-patient", valueReference: { reference: `Patient/${patientId}` } }] }),
  };
}

/** As a practice wrote them before it had the national number: once by ear, once with another form of the name. */
function duplicates(): SeedResource[] {
  const base = { resourceType: "Patient", meta, active: true };
  const marie = {
    ...{ ...base, id: "demo-marie-again", gender: "female", birthDate: "1958-03-14" },
    name: [{ use: "official", family: "Test-Veber", given: ["Maria"] }],
    address: [home(0)],
  };
  const lucas = {
    ...{ ...base, id: "demo-lucas-again", gender: "male", birthDate: "1990-02-11" },
    name: [{ use: "official", family: "Test-Klein", given: ["Luc"] }],
    address: [home(1)],
  };
  return [
    { type: "Patient", id: marie.id, resource: marie, resembles: ["demo-marie"] },
    { type: "Patient", id: lucas.id, resource: lucas, resembles: ["demo-lucas"] },
  ];
}
