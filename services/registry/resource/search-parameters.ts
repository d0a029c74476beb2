import type { ResourceType } from "../deps.ts";
import { colognePhonetics } from "../matching/cologne-phonetics.ts";
import { foldName, joinedName, nameParts } from "../matching/fold-name.ts";
import { givenNameGroup } from "../matching/given-names.ts";

/** One look into the table search_key. */
export type KeyTest = { parameter: string; equals: string[] } | { parameter: string; from: string; below: string };

export type ParameterKind = "identifier" | "name" | "date" | "code" | "city" | "reference" | "gender" | "active" | "id" | "words";

export interface SearchParameterDefinition {
  name: string;
  kind: ParameterKind;
  /** FHIR's type, for the CapabilityStatement. */
  type: "token" | "string" | "date" | "reference";
  /** The canonical URL of the definition where FHIR R4 has one. */
  definition: string;
  documentation: string;
  /** The parameters of search_key that it looks at. */
  keys: readonly string[];
}

const base = "http://hl7.org/fhir/SearchParameter";
const spelling =
  "Finds spelling variants: diacritics, ß/ss, ä/ae, other forms of a given name, names that sound alike (Cologne phonetics), parts of double names; :exact finds only what is written so";

const identifier = (type: string): SearchParameterDefinition => ({
  ...{ name: "identifier", kind: "identifier", type: "token", keys: ["identifier"], definition: `${base}/${type}-identifier` },
  documentation: "system|value, |value or value; the national number has the system urn:dsp:national-number",
});
const names = (keys: Record<"family" | "given" | "name", string>): SearchParameterDefinition[] => [
  { name: "family", kind: "name", type: "string", keys: ["family"], definition: keys.family, documentation: spelling },
  { name: "given", kind: "name", type: "string", keys: ["given"], definition: keys.given, documentation: spelling },
  {
    ...{ name: "name", kind: "name", type: "string", keys: ["family", "given"], definition: keys.name },
    documentation: `Each word is found in the family name or the given names. ${spelling}`,
  },
];
const active = (type: string): SearchParameterDefinition => ({
  ...{ name: "active", kind: "active", type: "token", keys: [], definition: `${base}/${type}-active` },
  documentation: "true or false; patients that were merged into another are found only with active=false or by _id",
});
const gender: SearchParameterDefinition = {
  ...{ name: "gender", kind: "gender", type: "token", keys: [], definition: `${base}/individual-gender` },
  documentation: "male, female, other or unknown",
};
const city = (definition: string): SearchParameterDefinition => ({
  ...{ name: "address-city", kind: "city", type: "string", keys: ["address-city"], definition },
  documentation: "The city's name or its beginning",
});
const id: SearchParameterDefinition = {
  ...{ name: "_id", kind: "id", type: "token", keys: [], definition: `${base}/Resource-id`, documentation: "The resource's id" },
};

export const searchParameters: Record<ResourceType, readonly SearchParameterDefinition[]> = {
  Patient: [
    id,
    identifier("Patient"),
    ...names({ family: `${base}/individual-family`, given: `${base}/individual-given`, name: `${base}/Patient-name` }),
    {
      ...{ name: "birthdate", kind: "date", type: "date", keys: ["birthdate"], definition: `${base}/individual-birthdate` },
      documentation: "A day, a month or a year, with the prefixes eq, ge, gt, le, lt",
    },
    gender,
    city(`${base}/individual-address-city`),
    active("Patient"),
  ],
  Practitioner: [
    id,
    identifier("Practitioner"),
    ...names({ family: `${base}/individual-family`, given: `${base}/individual-given`, name: `${base}/Practitioner-name` }),
    gender,
    city(`${base}/individual-address-city`),
    active("Practitioner"),
  ],
  PractitionerRole: [
    id,
    identifier("PractitionerRole"),
    {
      ...{ name: "practitioner", kind: "reference", type: "reference", keys: ["practitioner"] },
      ...{ definition: `${base}/PractitionerRole-practitioner`, documentation: "Also chained: practitioner.name, practitioner.family, …" },
    },
    {
      ...{ name: "organization", kind: "reference", type: "reference", keys: ["organization"] },
      ...{
        definition: `${base}/PractitionerRole-organization`,
        documentation: "Also chained: organization.name, organization.address-city, …",
      },
    },
    {
      ...{ name: "role", kind: "code", type: "token", keys: ["role"], definition: `${base}/PractitionerRole-role` },
      documentation: "The profession, by the code that the record's rights know it by (system urn:dsp:profession)",
    },
    {
      ...{ name: "specialty", kind: "code", type: "token", keys: ["specialty"], definition: `${base}/PractitionerRole-specialty` },
      documentation: "system|code or code",
    },
    active("PractitionerRole"),
  ],
  Organization: [
    id,
    identifier("Organization"),
    {
      ...{ name: "name", kind: "words", type: "string", keys: ["name"], definition: `${base}/Organization-name` },
      documentation: "Each word begins a word of the name or of an alias; diacritics, ß/ss and ä/ae make no difference",
    },
    city(`${base}/Organization-address-city`),
    {
      name: "type",
      kind: "code",
      type: "token",
      keys: ["type"],
      definition: `${base}/Organization-type`,
      documentation: "system|code or code",
    },
    {
      name: "partof",
      kind: "reference",
      type: "reference",
      keys: ["partof"],
      definition: `${base}/Organization-partof`,
      documentation: "The whole",
    },
    active("Organization"),
  ],
};

/** The chains that a search follows: the reference, and the type it leads to. */
export const chains: Partial<Record<ResourceType, Record<string, ResourceType>>> = {
  PractitionerRole: { practitioner: "Practitioner", organization: "Organization" },
};

const last = "\u{10ffff}";

function prefix(parameter: string, text: string): KeyTest {
  return { parameter, from: text, below: text + last };
}

/** How a name is looked for: any of these finds it. */
export function nameTests(keys: readonly string[], text: string, exact: boolean): KeyTest[] {
  return keys.flatMap((key): KeyTest[] => {
    if (exact) return [{ parameter: `${key}.exact`, equals: [text] }];
    const parts = nameParts(text);
    const whole = joinedName(text);
    const sounds = [...new Set([...parts, parts.join("")].map(colognePhonetics))].filter((code) => code.length > 1);
    return [
      ...(whole === "" ? [] : [prefix(key, whole)]),
      ...(parts.length === 0 ? [] : [{ parameter: key, equals: [parts.join(""), ...parts] }]),
      ...(sounds.length === 0 ? [] : [{ parameter: `${key}.sound`, equals: sounds }]),
      ...(key === "given" ? [{ parameter: "given.variant", equals: [givenNameGroup(text)] }] : []),
    ];
  });
}

/** The words of a `name`, each of which must be found. */
export function wordsOf(text: string): string[] {
  return text.split(/[\s,]+/).filter((word) => foldName(word) !== "");
}

export function cityTests(text: string, exact: boolean): KeyTest[] {
  return [exact ? { parameter: "address-city", equals: [foldName(text)] } : prefix("address-city", foldName(text))];
}

export function organizationNameTests(text: string, exact: boolean): KeyTest[] {
  return [exact ? { parameter: "name.exact", equals: [text] } : prefix("name", joinedName(text))];
}

/** `system|code`, `|code` (of no system), `code`; undefined where it is none of these. */
export function tokenTests(key: string, text: string): KeyTest[] | undefined {
  const bar = text.indexOf("|");
  if (text === "" || (bar >= 0 && bar === text.length - 1)) return undefined;
  return [bar < 0 ? { parameter: `${key}.value`, equals: [text] } : { parameter: key, equals: [text] }];
}

const datePattern = /^(eq|ge|gt|le|lt)?(\d{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?)$/;

/** Dates compare as text: a shorter one is the beginning of all that lie within it. Undefined where it is no date. */
export function dateTests(text: string): KeyTest[] | undefined {
  const [, operator = "eq", date] = datePattern.exec(text) ?? [];
  if (date === undefined) return undefined;
  const parameter = "birthdate";
  const ranges: Record<string, KeyTest> = {
    eq: { parameter, from: date, below: date + last },
    ge: { parameter, from: date, below: last },
    gt: { parameter, from: date + last, below: last },
    le: { parameter, from: "", below: date + last },
    lt: { parameter, from: "", below: date },
  };
  const range = ranges[operator];
  return range && [range];
}
