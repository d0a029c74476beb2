import type {
  CodeableConcept,
  HumanName,
  Identifier,
  Organization,
  Patient,
  Practitioner,
  PractitionerRole,
  Reference,
} from "@medplum/fhirtypes";
import type { AnyResource } from "../../lib/fhir/validate.ts";
import type { ResourceType } from "../deps.ts";
import { blockingKeys } from "../matching/blocking-keys.ts";
import { colognePhonetics } from "../matching/cologne-phonetics.ts";
import { foldName, joinedName, nameParts } from "../matching/fold-name.ts";
import { givenNameGroup } from "../matching/given-names.ts";
import { featuresOf } from "../matching/person-features.ts";

/** A row of search_key. */
export interface SearchKey {
  parameter: string;
  value: string;
}

/** What a resource is found, filtered and sorted by. */
export interface SearchFacts {
  keys: SearchKey[];
  active: boolean;
  gender: string | null;
  sortName: string;
}

const valueMax = 400;

export function searchFacts(type: ResourceType, resource: AnyResource): SearchFacts {
  const found = factsByType[type](resource);
  const keys = found.keys
    .filter(({ value }) => value !== "")
    .map(({ parameter, value }) => ({ parameter, value: value.slice(0, valueMax) }));
  return { ...found, keys: [...new Map(keys.map((key) => [`${key.parameter}\n${key.value}`, key])).values()] };
}

const factsByType: Record<ResourceType, (resource: AnyResource) => SearchFacts> = {
  Patient: (resource) => patientFacts(resource as unknown as Patient),
  Practitioner: (resource) => practitionerFacts(resource as unknown as Practitioner),
  PractitionerRole: (resource) => roleFacts(resource as unknown as PractitionerRole),
  Organization: (resource) => organizationFacts(resource as unknown as Organization),
};

function patientFacts(patient: Patient): SearchFacts {
  const { identifier, name, birthDate, address, gender, active } = patient;
  const keys = [
    ...identifierKeys(identifier),
    ...nameKeys(name),
    ...(birthDate ? [{ parameter: "birthdate", value: birthDate }] : []),
    ...cityKeys(address),
    ...blockingKeys(featuresOf(patient)).map((value) => ({ parameter: "block", value })),
  ];
  return { keys, active: active !== false, gender: gender ?? null, sortName: sortName(name) };
}

function practitionerFacts({ identifier, name, address, gender, active, qualification }: Practitioner): SearchFacts {
  const qualified = (qualification ?? []).flatMap(({ code }) => conceptKeys("qualification", code));
  const keys = [...identifierKeys(identifier), ...nameKeys(name), ...cityKeys(address), ...qualified];
  return { keys, active: active !== false, gender: gender ?? null, sortName: sortName(name) };
}

function roleFacts(role: PractitionerRole): SearchFacts {
  const keys = [
    ...identifierKeys(role.identifier),
    ...referenceKeys("practitioner", "Practitioner", role.practitioner),
    ...referenceKeys("organization", "Organization", role.organization),
    ...(role.code ?? []).flatMap((code) => conceptKeys("role", code)),
    ...(role.specialty ?? []).flatMap((code) => conceptKeys("specialty", code)),
  ];
  return { keys, active: role.active !== false, gender: null, sortName: foldName(role.practitioner?.display ?? "") };
}

function organizationFacts({ identifier, name, alias, address, type, partOf, active }: Organization): SearchFacts {
  const names = [name ?? "", ...(alias ?? [])];
  const keys = [
    ...identifierKeys(identifier),
    ...names
      .flatMap((text) => [foldName(text), joinedName(text), ...foldName(text).split(" ")])
      .map((value) => ({ parameter: "name", value })),
    ...names.map((value) => ({ parameter: "name.exact", value })),
    ...cityKeys(address),
    ...(type ?? []).flatMap((code) => conceptKeys("type", code)),
    ...referenceKeys("partof", "Organization", partOf),
  ];
  return { keys, active: active !== false, gender: null, sortName: foldName(name ?? "") };
}

function identifierKeys(identifiers: readonly Identifier[] | undefined): SearchKey[] {
  return (identifiers ?? []).flatMap(({ system, value }) =>
    value === undefined
      ? []
      : [
          { parameter: "identifier", value: `${system ?? ""}|${value}` },
          { parameter: "identifier.value", value },
        ],
  );
}

function conceptKeys(parameter: string, concept: CodeableConcept | undefined): SearchKey[] {
  return (concept?.coding ?? []).flatMap(({ system, code }) =>
    code === undefined
      ? []
      : [
          { parameter, value: `${system ?? ""}|${code}` },
          { parameter: `${parameter}.value`, value: code },
        ],
  );
}

function referenceKeys(parameter: string, type: string, reference: Reference | undefined): SearchKey[] {
  const id = new RegExp(`(?:^|/)${type}/([A-Za-z0-9.-]{1,64})$`).exec(reference?.reference ?? "")?.[1];
  return id === undefined ? [] : [{ parameter, value: id }];
}

function cityKeys(addresses: readonly { city?: string }[] | undefined): SearchKey[] {
  return (addresses ?? []).map(({ city }) => ({ parameter: "address-city", value: foldName(city ?? "") }));
}

function sortName(names: readonly HumanName[] | undefined): string {
  const name = names?.find(({ use }) => use === "official") ?? names?.[0];
  return `${foldName(name?.family ?? name?.text ?? "")} ${foldName((name?.given ?? []).join(" "))}`.trim().slice(0, valueMax);
}

/** A name is found by its beginning, by its parts, by its sound and, a given name, by its other forms (`nameTests`). */
function nameKeys(names: readonly HumanName[] | undefined): SearchKey[] {
  return (names ?? []).flatMap(({ family, given, text }) => {
    const families = family === undefined ? [] : [family];
    const givens = given ?? (family === undefined && text !== undefined ? text.split(/\s+/) : []);
    return [
      ...families.flatMap((name) => spellings("family", name)),
      ...givens.flatMap((name) => [...spellings("given", name), { parameter: "given.variant", value: givenNameGroup(name) }]),
    ];
  });
}

function spellings(parameter: "family" | "given", name: string): SearchKey[] {
  const parts = nameParts(name);
  const sounds = [...parts, parts.join("")].map(colognePhonetics).filter((code) => code.length > 1);
  return [
    { parameter: `${parameter}.exact`, value: name },
    ...[joinedName(name), parts.join(""), ...parts].map((value) => ({ parameter, value })),
    ...sounds.map((value) => ({ parameter: `${parameter}.sound`, value })),
  ];
}
