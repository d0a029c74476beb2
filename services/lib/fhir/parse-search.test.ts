import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FhirError } from "../operation-outcome.ts";
import { anyText } from "../testing/any-text.ts";
import { Definitions } from "./definitions.ts";
import { encodeCursor, parseSearch, type SearchRequest } from "./parse-search.ts";
import { indexedParameters } from "./search-index.ts";

const codes = ["code", "date", "patient", "status"];
const parameters = indexedParameters(new Definitions({ searchParameters: { Observation: codes } }), "Observation", codes);
const parse = (query: string, strict = false): SearchRequest =>
  parseSearch([...new URLSearchParams(query)], parameters, { strict, ownUrl: "https://dsp.test/fhir" });

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

  it("reads references in every spelling", () => {
    const alternatives = (query: string) => (parse(query).conditions[0] as { alternatives: unknown }).alternatives;
    const own = [{ system: "Patient", code: "1" }];
    expect(alternatives("patient=1")).toEqual([{ code: "1" }]);
    expect(alternatives("patient=Patient/1")).toEqual(own);
    expect(alternatives("patient:Patient=1")).toEqual(own);
    expect(alternatives("patient=https://dsp.test/fhir/Patient/1")).toEqual(own);
    expect(alternatives("patient=https://other.test/Patient/1")).toEqual([{ system: "", code: "https://other.test/Patient/1" }]);
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
    "date=ap2024",
    "code:text=a",
    "code=a|b|c",
    "code=|",
    "_count=-1",
    "_sort=code",
    "_total=all",
    "_cursor=AAAA",
    "_id:not=1",
    "status:missing=maybe",
    "code=%00",
  ])("refuses %s", (query) => {
    expect(() => parse(query)).toThrow(FhirError);
  });

  it("warns of what it does not know, or refuses it when strict", () => {
    expect(parse("nonsense=1&code=1").warnings).toHaveLength(1);
    expect(() => parse("nonsense=1", true)).toThrow(FhirError);
  });

  it("answers any query with a request or with 400", () => {
    const name = fc.oneof(
      fc.constantFrom(...codes, "_id", "_cursor", "_sort", "_count", "code:not", "date:missing", "patient:Patient"),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(name, anyText), { maxLength: 40 }), fc.boolean(), (query, strict) => {
        try {
          return parseSearch(query, parameters, { strict, ownUrl: "https://dsp.test/fhir" }).count <= 200;
        } catch (error) {
          return error instanceof FhirError && error.status === 400;
        }
      }),
    );
  });
});
