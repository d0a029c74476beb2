import { demoPatients, homeAddress, languageOf, syntheticMeta as meta } from "../lib/demo-patients.ts";
import { type DemoOrganization, type DemoPerson, demoOrganizations, demoPeople } from "../lib/demo-people.ts";
import type { AnyResource } from "../lib/fhir/validate.ts";
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

/** The people and organisations that have accounts, a child, and two patients who are on the list twice. */
export function seedData(): SeedResource[] {
  const professionals = demoPeople.filter(({ practitionerId }) => practitionerId !== undefined);
  return [
    ...demoOrganizations.map(organization),
    ...professionals.flatMap(professional),
    ...demoPatients().map((resource): SeedResource => ({ type: "Patient", id: resource.id, resource })),
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

/** As a practice wrote them before it had the national number: once by ear, once with another form of the name. */
function duplicates(): SeedResource[] {
  const base = { resourceType: "Patient", meta, active: true };
  const marie = {
    ...{ ...base, id: "demo-marie-again", gender: "female", birthDate: "1958-03-14" },
    name: [{ use: "official", family: "Test-Veber", given: ["Maria"] }],
    address: [homeAddress(0)],
  };
  const lucas = {
    ...{ ...base, id: "demo-lucas-again", gender: "male", birthDate: "1990-02-11" },
    name: [{ use: "official", family: "Test-Klein", given: ["Luc"] }],
    address: [homeAddress(1)],
  };
  return [
    { type: "Patient", id: marie.id, resource: marie, resembles: ["demo-marie"] },
    { type: "Patient", id: lucas.id, resource: lucas, resembles: ["demo-lucas"] },
  ];
}
