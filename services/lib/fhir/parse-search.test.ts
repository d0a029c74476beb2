import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FhirError } from "../operation-outcome.ts";
import { anyText } from "../testing/any-text.ts";
import { Definitions } from "./definitions.ts";
import { encodeCursor, lookedInto, parseSearch, type SearchRequest } from "./parse-search.ts";
import { indexedParameters } from "./search-index.ts";

const codes = ["code", "date", "patient", "status", "value-quantity", "code-value-quantity", "combo-code-value-concept"];
const definitions = new Definitions(["Observation", "Patient", "Encounter"]);
const types = new Map(
  ["Observation", "Patient", "Encounter"].map((type) => [type, { parameters: indexedParameters(definitions, type) }] as const),
);
const parse = (query: string, strict = false): SearchRequest =>
  parseSearch([...new URLSearchParams(query)], "Observation", types, { strict, ownUrl: "https://dsp.test/fhir" });

describe("parseSearch", () => {
  it("reads tokens, escapes included", () => {
    expect(parse("code=http://loinc.org|1,|2,sys|,a\\,b\\|c").conditions).toEqual([
      {
        kind: "token",
        parameter: "code",
        negated: false,
        alternatives: [{ system: "http://loinc.org", code: "1" }, { system: "", code: "2" }, { system: "sys" }, { code: "a,b|c" }],
      },
    ]);
  });

  it("follows chains and reverse chains, and tells which types they look into", () => {
    const { conditions } = parse("patient.name=Weber&subject:Patient.birthdate=1980&_has:Encounter:reason-reference:status=planned");
    const name = { kind: "string", parameter: "name", match: "prefix", alternatives: ["weber"] };
    expect(conditions[0]).toEqual({ kind: "chain", parameter: "patient", target: "Patient", condition: name });
    expect(conditions[1]).toMatchObject({ kind: "chain", parameter: "subject", target: "Patient", condition: { kind: "date" } });
    expect(conditions[2]).toMatchObject({ kind: "has", type: "Encounter", parameter: "reason-reference", condition: { kind: "token" } });
    expect(lookedInto(conditions)).toEqual(["Patient", "Patient", "Encounter"]);
  });

  it("follows a chain to each type that has such a parameter, and to the names of contained persons", () => {
    const broad = { type: "Observation", parameters: types.get("Observation")?.parameters ?? new Map() };
    const directory = new Definitions(["Practitioner", "Organization"]);
    const more = new Map([
      ...types,
      ...["Practitioner", "Organization"].map((type) => [type, { parameters: indexedParameters(directory, type) }] as const),
    ]);
    const chained = (query: string) =>
      parseSearch([...new URLSearchParams(query)], broad.type, more, { strict: true, ownUrl: "https://dsp.test/fhir" }).conditions;
    const [family] = chained("performer.family=Weber");
    const name = { kind: "string", match: "prefix", alternatives: ["weber"] };
    expect(family).toEqual({
      kind: "any",
      conditions: [
        { kind: "chain", parameter: "performer", target: "Practitioner", condition: { ...name, parameter: "family" } },
        { kind: "chain", parameter: "performer", target: "Patient", condition: { ...name, parameter: "family" } },
        { ...name, parameter: "performer.family" },
      ],
    });
    expect(lookedInto(chained("performer.family=Weber"))).toEqual(["Practitioner", "Patient"]);
    expect(chained("performer:Patient.family=Weber")).toMatchObject([{ kind: "chain", target: "Patient" }]);
    expect(chained("performer.family:missing=true")).toMatchObject([{ kind: "any", conditions: [{ kind: "chain" }, { kind: "chain" }] }]);
    expect(() => chained("patient.general-practitioner.name=a")).toThrow(/Say which type/);
  });

  it("reads business identifiers of references", () => {
    expect(parse("subject:identifier=urn:a|1").conditions).toEqual([
      { kind: "token", parameter: "subject:identifier", negated: false, alternatives: [{ system: "urn:a", code: "1" }] },
    ]);
  });

  it("reads what is to be included", () => {
    expect(parse("_include=Observation:subject:Patient&_revinclude=Encounter:reason-reference").inclusions).toEqual([
      { direction: "include", type: "Observation", parameter: "subject", targets: ["Patient"], iterate: false },
      { direction: "revinclude", type: "Encounter", parameter: "reason-reference", targets: ["Observation"], iterate: false },
    ]);
    expect(parse("_include:iterate=Patient:link").inclusions).toMatchObject([{ type: "Patient", iterate: true }]);
  });

  it("reads quantities with the precision they are written with", () => {
    const alternatives = (query: string) => (parse(query).conditions[0] as { alternatives: unknown }).alternatives;
    expect(alternatives("value-quantity=5.40|http://unitsofmeasure.org|mg")).toEqual([
      { prefix: "eq", value: "5.40", half: "5e-3", system: "http://unitsofmeasure.org", code: "mg" },
    ]);
    expect(alternatives("value-quantity=gt100,ap-1.5e3||kg")).toEqual([
      { prefix: "gt", value: "100", half: "5e-1" },
      { prefix: "ap", value: "-1.5e3", half: "5e1", code: "kg" },
    ]);
  });

  it("reads composites, each part as its own kind", () => {
    const [condition] = parse("code-value-quantity=http://loinc.org|8480-6$gt140||mm[Hg],a\\$b\\,c$1").conditions;
    expect(condition).toEqual({
      kind: "composite",
      parameter: "code-value-quantity",
      alternatives: [
        [
          {
            ...{ kind: "token", negated: false },
            parameter: "code-value-quantity$0",
            alternatives: [{ system: "http://loinc.org", code: "8480-6" }],
          },
          {
            kind: "quantity",
            parameter: "code-value-quantity$1",
            alternatives: [{ prefix: "gt", value: "140", half: "5e-1", code: "mm[Hg]" }],
          },
        ],
        [
          { ...{ kind: "token", negated: false }, parameter: "code-value-quantity$0", alternatives: [{ code: "a$b,c" }] },
          { kind: "quantity", parameter: "code-value-quantity$1", alternatives: [{ prefix: "eq", value: "1", half: "5e-1" }] },
        ],
      ],
    });
    expect(parse("code-value-string:missing=true").conditions).toEqual([
      { kind: "missing", parameter: "code-value-string$0", table: "token", missing: true },
    ]);
  });

  it("leaves _summary and _elements to who shows the result, counting aside", () => {
    const request = parse("_summary=count&_count=10&_elements=code");
    expect(request).toMatchObject({ count: 0, warnings: [], conditions: [] });
    expect(request.used.map(([name]) => name)).toEqual(["_summary", "_count", "_elements"]);
  });

  it("reads references in every spelling", () => {
    const alternatives = (query: string) => (parse(query).conditions[0] as { alternatives: unknown }).alternatives;
    const own = [{ system: "Patient", code: "1" }];
    expect(alternatives("patient=1")).toEqual([{ code: "1" }]);
    expect(alternatives("patient=Patient/1")).toEqual(own);
    expect(alternatives("patient:Patient=1")).toEqual(own);
    expect(alternatives("patient=https://dsp.test/fhir/Patient/1")).toEqual(own);
    expect(alternatives("patient=https://other.test/Patient/1")).toEqual([{ system: "", code: "https://other.test/Patient/1" }]);
  });

  it("widens a date that is only about right, by a tenth of the time since or until then", () => {
    const [condition] = parse("date=ap2024").conditions;
    const [{ prefix, low, high } = { prefix: "", low: "", high: "" }] = condition?.kind === "date" ? condition.alternatives : [];
    const marginMs = (Date.now() - Date.parse("2024-12-31T23:59:59.999Z")) / 10;
    expect(prefix).toBe("ap");
    expect(Math.abs(Date.parse("2024-01-01T00:00:00Z") - marginMs - Date.parse(low))).toBeLessThan(10_000);
    expect(Math.abs(Date.parse("2024-12-31T23:59:59.999Z") + marginMs - Date.parse(high))).toBeLessThan(10_000);
    for (const far of ["ap0001", "ap9999"]) expect(parse(`date=${far}`).conditions).toHaveLength(1);
  });

  it("reads URIs, and those above and below them", () => {
    const alternatives = (query: string) => (parse(query).conditions[0] as { alternatives: unknown[] }).alternatives;
    expect(alternatives("_source=http://a.test/b")).toEqual([{ system: "", code: "http://a.test/b" }]);
    expect(alternatives("_source:below=http://a.test/b")).toEqual([{ system: "", code: "http://a.test/b", below: true }]);
    expect(alternatives("_source:above=http://a.test/b/c")?.map((each) => (each as { code: string }).code)).toEqual([
      "http://a.test/b/c",
      "http://a.test",
      "http://a.test/b",
    ]);
  });

  it("takes a cursor only for the order that it was given in", () => {
    const cursor = encodeCursor({ key: "7", value: "weber" });
    expect(parse(`_cursor=${cursor}&_sort=value-string`)).toMatchObject({ cursor: { value: "weber" }, sort: { isText: true } });
    expect(() => parse(`_cursor=${cursor}&_sort=date`)).toThrow(FhirError);
  });

  it("reads result parameters and leaves the cursor out of links", () => {
    const request = parse(
      `code=1&_count=999999&_total=accurate&_sort=-date&_cursor=${encodeCursor({ key: "7", value: "2024-01-01T00:00:00Z" })}`,
    );
    expect(request).toMatchObject({ count: 200, total: true, sort: { by: "date", descending: true }, cursor: { key: "7" } });
    expect(request.used.map(([name]) => name)).toEqual(["code", "_count", "_total", "_sort"]);
  });

  it.each([
    "date=x",
    "date=zz2024",
    "code:text=a",
    "code=a|b|c",
    "code=|",
    "_count=-1",
    "_sort=code",
    "_sort=date,code",
    "code:below=a",
    "_total=all",
    "_cursor=AAAA",
    "_id:not=1",
    "status:missing=maybe",
    "code=%00",
    "subject:Organization.name=a",
    "code.name=a",
    "patient.nonsense=a",
    "patient.organization.partof.partof.partof.name=a",
    "_has:Encounter:patient:status=x",
    "_has:Patient:link:name=x",
    "_include=Observation:code",
    "_include=Encounter:subject",
    "_include=Observation:subject:Organization",
    "_include:not=Observation:subject",
    "_revinclude=Encounter:subject",
    "value-quantity=x",
    "value-quantity=1|kg",
    "value-quantity=1e999||kg",
    "value-quantity:exact=1",
    "code-value-quantity=a",
    "code-value-quantity=a$1$2",
    "code-value-quantity=a$",
    "code-value-quantity=a$x",
    "code-value-quantity:not=a$1",
    "_summary=text&_include=Observation:subject",
  ])("refuses %s", (query) => {
    expect(() => parse(query)).toThrow(FhirError);
  });

  it("warns of what it does not know, or refuses it when strict", () => {
    expect(parse("nonsense=1&code=1").warnings).toHaveLength(1);
    expect(() => parse("nonsense=1", true)).toThrow(FhirError);
  });

  it("answers any query with a request or with 400", () => {
    const name = fc.oneof(
      fc.constantFrom(
        ...codes,
        "_has:Encounter:reason-reference:status",
        "subject:Patient.name",
        "_include",
        "_revinclude:iterate",
        "_id",
        "_cursor",
        "_sort",
        "_count",
        "code:not",
        "date:missing",
        "patient:Patient",
      ),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(name, anyText), { maxLength: 40 }), fc.boolean(), (query, strict) => {
        try {
          return parseSearch(query, "Observation", types, { strict, ownUrl: "https://dsp.test/fhir" }).count <= 200;
        } catch (error) {
          return error instanceof FhirError && error.status === 400;
        }
      }),
    );
  });
});
