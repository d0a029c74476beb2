import { type DemoPerson, demoChild, demoPeople } from "./demo-people.ts";
import type { AnyResource } from "./fhir/validate.ts";
import { nationalNumber, nationalNumberSystem } from "./national-number.ts";

/** On everything that is sown: nobody should take it for a real record. */
export const syntheticMeta = {
  tag: [{ system: "http://terminology.hl7.org/CodeSystem/v3-ActReason", code: "HTEST", display: "test health data" }],
};

/** High sequences, which no synthetic number made elsewhere uses. */
const sequenceBase = 900;
const childSequence = 950;
const languageNames = { fr: "French", de: "German", en: "English" } as const;
/** A general practitioner is told of emergencies. */
const generalPractitioner = [{ reference: "Practitioner/demo-hoffmann", display: "Claire Test-Hoffmann" }];

/** The Patient of each demo person who is one, and the child's: the same in the registry, whose they are, and in the record, which it feeds. */
export function demoPatients(): (AnyResource & { id: string })[] {
  const adults = demoPeople.filter(({ patientId }) => patientId !== undefined);
  return [...adults.map((person, place) => adult(person, place)), child()];
}

export function languageOf({ language }: Pick<DemoPerson, "language">): object {
  return { coding: [{ system: "urn:ietf:bcp:47", code: language, display: languageNames[language] }] };
}

export function homeAddress(number: number): object {
  return { use: "home", line: [`Teststrooss ${10 + number}`], city: "Musterdorf", postalCode: "L-0001", country: "LU" };
}

function adult(person: DemoPerson, place: number): AnyResource & { id: string } {
  const { patientId: id = "", family, given, gender, birthDate } = person;
  return {
    ...{ resourceType: "Patient", id, meta: syntheticMeta, active: true, gender, birthDate },
    identifier: [{ use: "official", system: nationalNumberSystem, value: nationalNumber(birthDate, sequenceBase + place) }],
    name: [{ use: "official", family, given: [given] }],
    address: [homeAddress(place)],
    communication: [{ language: languageOf(person), preferred: true }],
    generalPractitioner,
  };
}

/** The child's guardian is its contact. */
function child(): AnyResource & { id: string } {
  const { patientId: id, family, given, gender, birthDate } = demoChild;
  const guardian = demoPeople.find(({ guardianOf }) => guardianOf?.includes(id));
  return {
    ...{ resourceType: "Patient", id, meta: syntheticMeta, active: true, gender, birthDate },
    identifier: [{ use: "official", system: nationalNumberSystem, value: nationalNumber(birthDate, childSequence) }],
    name: [{ use: "official", family, given: [given] }],
    address: [homeAddress(2)],
    ...(guardian ? { contact: [contactOf(guardian)] } : {}),
    generalPractitioner,
  };
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
