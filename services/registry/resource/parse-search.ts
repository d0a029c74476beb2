import { idPattern } from "../../lib/fhir/validate.ts";
import { fhirError, issue, type OperationOutcomeIssue } from "../../lib/operation-outcome.ts";
import { isResourceType, type ResourceType } from "../deps.ts";
import {
  chains,
  cityTests,
  dateTests,
  type KeyTest,
  nameTests,
  organizationNameTests,
  type SearchParameterDefinition,
  searchParameters,
  tokenTests,
  wordsOf,
} from "./search-parameters.ts";

/** What must hold; conditions are joined by AND, the tests of one by OR. */
export type Condition =
  | { kind: "keys"; tests: KeyTest[] }
  | { kind: "id"; ids: string[] }
  | { kind: "gender"; genders: string[] }
  /** What the reference leads to meets the condition. */
  | { kind: "chain"; parameter: string; target: ResourceType; condition: Condition }
  | { kind: "either"; conditions: Condition[][] };

export interface Search {
  type: ResourceType;
  conditions: Condition[];
  active: boolean | undefined;
  sort: { by: "name" | "_lastUpdated"; descending: boolean };
  count: number;
  cursor: { value: string; id: string } | undefined;
  include: ResourceType[];
  /** What was understood, for the links of the answer. */
  used: [string, string][];
  warnings: OperationOutcomeIssue[];
  /** The parameters as they were asked, by name without modifier. */
  asked: ReadonlyMap<string, string[]>;
}

export const searchLimits = { defaultCount: 20, maxCount: 50, maxParameters: 20, maxAlternatives: 20, maxLength: 200 };

/** Parses a search. @throws FhirError 400 for what cannot be understood or is not supported */
export function parseSearch(parameters: readonly [string, string][], type: ResourceType, strict: boolean): Search {
  if (parameters.length > searchLimits.maxParameters) {
    throw fhirError(400, "too-costly", `A search takes at most ${searchLimits.maxParameters} parameters`);
  }
  const search: Search = {
    ...{ type, conditions: [], active: undefined, sort: { by: "name", descending: false }, count: searchLimits.defaultCount },
    ...{ cursor: undefined, include: [], used: [], warnings: [], asked: new Map() },
  };
  const asked = new Map<string, string[]>();
  for (const [name, value] of parameters) {
    if (value.length > searchLimits.maxLength) throw fhirError(400, "too-long", `The parameter ${name} is too long`, { expression: name });
    if (value.includes("\0")) throw fhirError(400, "value", "A search parameter holds a NUL character", { expression: name });
    if (!understand(search, name, value)) {
      const text = `The search parameter ${name} is not supported for ${type}; see the CapabilityStatement`;
      if (strict || !name.startsWith("_")) throw fhirError(400, "not-supported", text, { expression: name });
      search.warnings.push(issue("warning", "not-supported", text, name));
      continue;
    }
    if (name !== "_cursor") search.used.push([name, value]);
    const bare = name.split(":")[0] ?? name;
    asked.set(bare, [...(asked.get(bare) ?? []), value]);
  }
  if (search.cursor && search.sort.by === "_lastUpdated" && !isInstant(search.cursor.value)) throw changedLink();
  return { ...search, asked, conditions: withSwappedNames(search, parameters) };
}

function understand(search: Search, name: string, value: string): boolean {
  const control = controls[name];
  if (control) {
    control(search, value);
    return true;
  }
  const condition = conditionOf(search, search.type, name, value);
  if (condition === undefined) return false;
  search.conditions.push(...condition);
  return true;
}

const controls: Record<string, (search: Search, value: string) => void> = {
  _count: (search, value) => {
    if (!/^[1-9]\d{0,8}$/.test(value)) throw fhirError(400, "value", "_count must be a positive number", { expression: "_count" });
    search.count = Math.min(Number(value), searchLimits.maxCount);
  },
  _sort: (search, value) => {
    const descending = value.startsWith("-");
    const by = descending ? value.slice(1) : value;
    if (by !== "name" && by !== "family" && by !== "_lastUpdated") {
      throw fhirError(400, "not-supported", "_sort takes name or _lastUpdated, with - before it for the other way", {
        expression: "_sort",
      });
    }
    search.sort = { by: by === "family" ? "name" : by, descending };
  },
  _cursor: (search, value) => {
    search.cursor = decodeCursor(value);
  },
  _include: (search, value) => {
    const [type, parameter = ""] = value.split(":");
    const target = type === search.type ? chains[search.type]?.[parameter] : undefined;
    if (!target) throw fhirError(400, "not-supported", "_include takes PractitionerRole:practitioner and PractitionerRole:organization");
    search.include.push(target);
  },
};

function conditionOf(search: Search, type: ResourceType, name: string, value: string): Condition[] | undefined {
  const [path = "", modifier] = name.split(":");
  const [head = "", chained] = path.split(".");
  if (chained !== undefined) {
    const target = chains[type]?.[head];
    if (!target) return undefined;
    const inner = conditionOf(search, target, modifier === undefined ? chained : `${chained}:${modifier}`, value);
    return inner?.map((condition) => ({ kind: "chain", parameter: head, target, condition }));
  }
  const definition = searchParameters[type].find((each) => each.name === head);
  const allowsExact = definition?.type === "string";
  if (!definition || (modifier !== undefined && !(modifier === "exact" && allowsExact))) return undefined;
  const alternatives = value.split(/(?<!\\),/).map((text) => text.replaceAll("\\,", ",").trim());
  if (alternatives.length > searchLimits.maxAlternatives || alternatives.some((text) => text === "")) {
    throw fhirError(400, "value", `The parameter ${name} takes 1 to ${searchLimits.maxAlternatives} values, none of them empty`, {
      expression: name,
    });
  }
  return conditionOfKind(search, definition, alternatives, modifier === "exact");
}

function conditionOfKind(
  search: Search,
  { name, kind, keys }: SearchParameterDefinition,
  alternatives: readonly string[],
  exact: boolean,
): Condition[] {
  const [key = ""] = keys;
  const wrong = (text: string) => fhirError(400, "value", text, { expression: name });
  const tested = (tests: (text: string) => KeyTest[] | undefined, hint: string): Condition[] => [
    {
      kind: "keys",
      tests: alternatives.flatMap((text) => {
        const found = tests(text);
        if (!found) throw wrong(`${name} ${hint}`);
        return found;
      }),
    },
  ];
  switch (kind) {
    case "id":
      return [{ kind: "id", ids: [...alternatives] }];
    case "gender":
      return [{ kind: "gender", genders: [...alternatives] }];
    case "active":
      if (alternatives.length !== 1 || !/^(true|false)$/.test(alternatives[0] ?? "")) throw wrong("active is true or false");
      search.active = alternatives[0] === "true";
      return [];
    case "identifier":
      return tested((text) => tokenTests("identifier", text.replaceAll(" ", "")), "takes system|value or value");
    case "code":
      return tested((text) => tokenTests(key, text), "takes system|code or code");
    case "date":
      return tested(dateTests, "takes YYYY-MM-DD, YYYY-MM or YYYY, with eq, ge, gt, le or lt before it");
    case "city":
      return tested((text) => cityTests(text, exact), "takes text");
    case "reference":
      return tested((text) => referenceTests(key, text), "takes an id, or Type/id");
    case "words":
      return exact
        ? tested((text) => organizationNameTests(text, true), "takes text")
        : eachWord(alternatives, (word) => organizationNameTests(word, false));
    case "name":
      return name === "name" && !exact
        ? eachWord(alternatives, (word) => nameTests(keys, word, false))
        : tested((text) => nameTests(keys, text, exact), "takes text");
  }
}

/** Every word of one of the alternatives is found. */
function eachWord(alternatives: readonly string[], tests: (word: string) => KeyTest[]): Condition[] {
  const conditions = alternatives.map((text) => wordsOf(text).map((word): Condition => ({ kind: "keys", tests: tests(word) })));
  return conditions.length === 1 ? (conditions[0] ?? []) : [{ kind: "either", conditions }];
}

function referenceTests(key: string, text: string): KeyTest[] | undefined {
  const parts = text.split("/");
  const id = parts.at(-1) ?? "";
  const type = parts.at(-2);
  return idPattern.test(id) && (type === undefined || isResourceType(type)) ? [{ parameter: key, equals: [id] }] : undefined;
}

/** One family name and one given name are looked for in each other's place as well. */
function withSwappedNames(search: Search, parameters: readonly [string, string][]): Condition[] {
  const families = parameters.filter(([name]) => name === "family");
  const givens = parameters.filter(([name]) => name === "given");
  const [[, family] = ["", ""]] = families;
  const [[, given] = ["", ""]] = givens;
  const isPerson = search.type === "Patient" || search.type === "Practitioner";
  if (!isPerson || families.length !== 1 || givens.length !== 1 || /,/.test(family + given)) return search.conditions;
  const condition = (key: string, text: string): Condition => ({ kind: "keys", tests: nameTests([key], text, false) });
  const isName = ({ kind, ...rest }: Condition): boolean =>
    kind === "keys" &&
    "tests" in rest &&
    rest.tests.some(({ parameter }) => /^(family|given)\b/.test(parameter) && !parameter.endsWith(".exact"));
  const others = search.conditions.filter((each) => !isName(each));
  const either: Condition = {
    kind: "either",
    conditions: [
      [condition("family", family), condition("given", given)],
      [condition("family", given), condition("given", family)],
    ],
  };
  return [...others, either];
}

export function encodeCursor(cursor: { value: string; id: string }): string {
  return Buffer.from(JSON.stringify([cursor.value, cursor.id])).toString("base64url");
}

function decodeCursor(text: string): { value: string; id: string } {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(text, "base64url").toString());
    const [value, id]: unknown[] = Array.isArray(parsed) ? parsed : [];
    if (typeof value === "string" && typeof id === "string" && !/\0/.test(value + id)) return { value, id };
  } catch {
    // Said below.
  }
  throw changedLink();
}

function isInstant(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(text) && !Number.isNaN(Date.parse(text));
}

function changedLink(): Error {
  return fhirError(400, "value", "This page's link was changed; begin the search again", { expression: "_cursor" });
}
