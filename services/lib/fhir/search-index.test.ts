import { describe, expect, it } from "vitest";
import { Definitions } from "./definitions.ts";
import { emptyIndex, indexedParameters, normaliseString, searchIndex, splitReference } from "./search-index.ts";

const definitions = new Definitions(["Patient", "Observation", "Condition", "DocumentReference"]);

/** The parameters of a type, or those of them that are named. */
function parametersOf(type: string, ...codes: string[]) {
  const all = indexedParameters(definitions, type);
  return codes.length === 0 ? all : new Map([...all].filter(([code]) => codes.includes(code)));
}

describe("indexedParameters", () => {
  it("takes what R4 defines for the type", () => {
    const parameters = parametersOf("Observation");
    expect([...parameters.keys()]).toEqual(expect.arrayContaining(["code", "date", "patient", "value-quantity", "combo-code"]));
    expect(parametersOf("Condition").get("onset-age")?.elements).toEqual(["onset", "onset"]);
  });
});

describe("the parameters of every resource", () => {
  it("are those that need an index, of every type", () => {
    for (const type of ["Patient", "Observation"]) {
      const common = [...parametersOf(type).values()].filter(({ code }) => code.startsWith("_"));
      expect(common.map(({ code, kind, elements }) => [code, kind, elements]).sort()).toEqual([
        ["_profile", "uri", ["meta"]],
        ["_security", "token", ["meta"]],
        ["_source", "uri", ["meta"]],
        ["_tag", "token", ["meta"]],
      ]);
    }
  });

  it("find what stands in meta, a profile without its version too", () => {
    const meta = {
      ...{ source: "urn:test:source", profile: ["urn:test:profile|1.0"] },
      ...{ tag: [{ code: "t" }], security: [{ system: "urn:test:s", code: "V" }, { display: "no code" }] },
    };
    const { tokens } = searchIndex(parametersOf("Patient"), { resourceType: "Patient", meta });
    expect(tokens.sort((left, right) => left.parameter.localeCompare(right.parameter) || left.code.localeCompare(right.code))).toEqual([
      { parameter: "_profile", system: "", code: "urn:test:profile" },
      { parameter: "_profile", system: "", code: "urn:test:profile|1.0" },
      { parameter: "_security", system: "urn:test:s", code: "V" },
      { parameter: "_source", system: "", code: "urn:test:source" },
      { parameter: "_tag", system: "", code: "t" },
    ]);
  });
});

describe("composite parameters", () => {
  const composites = (type: string) =>
    [...parametersOf(type).values()]
      .filter(({ kind }) => kind === "composite")
      .map(({ code, components }) => [code, ...components.map(({ kind }) => kind)]);

  it("have the parts that R4 defines, those of relationship the right way round", () => {
    expect(composites("Patient")).toEqual([]);
    expect(composites("DocumentReference")).toEqual([["relationship", "token", "reference"]]);
    expect(composites("Observation").sort()).toEqual([
      ["code-value-concept", "token", "token"],
      ["code-value-date", "token", "date"],
      ["code-value-quantity", "token", "quantity"],
      ["code-value-string", "token", "string"],
      ["combo-code-value-concept", "token", "token"],
      ["combo-code-value-quantity", "token", "quantity"],
      ["component-code-value-concept", "token", "token"],
      ["component-code-value-quantity", "token", "quantity"],
    ]);
  });

  const code = (...codes: string[]) => ({ coding: codes.map((each) => ({ system: "http://loinc.org", code: each })) });

  it("number what belongs together, the resource itself and its components, and leave out what lacks a part", () => {
    const pressure = {
      ...{ resourceType: "Observation", code: code("85354-9"), dataAbsentReason: { text: "in the components" } },
      component: [
        { code: code("8480-6", "271649006"), valueQuantity: { value: 140, code: "mm[Hg]" } },
        { code: code("8462-4"), valueQuantity: { value: 90, code: "mm[Hg]" } },
        { code: code("8478-0") },
      ],
    };
    const parameter = "component-code-value-quantity";
    const { tokens, quantities } = searchIndex(parametersOf("Observation", parameter), pressure);
    expect(tokens.map(({ parameter: part, occurrence, code: each }) => [part, occurrence, each])).toEqual([
      [`${parameter}$0`, 0, "8480-6"],
      [`${parameter}$0`, 0, "271649006"],
      [`${parameter}$0`, 1, "8462-4"],
    ]);
    expect(quantities.map(({ parameter: part, occurrence, low }) => [part, occurrence, low])).toEqual([
      [`${parameter}$1`, 0, "140"],
      [`${parameter}$1`, 1, "90"],
    ]);
    const combo = searchIndex(parametersOf("Observation", "combo-code-value-quantity"), { ...pressure, valueQuantity: { value: 1 } });
    expect(combo.quantities.map(({ occurrence, low }) => [occurrence, low])).toEqual([
      [0, "1"],
      [1, "140"],
      [2, "90"],
    ]);
    expect(searchIndex(parametersOf("Observation", "code-value-quantity"), pressure)).toEqual(emptyIndex());
  });

  it("take values of every kind", () => {
    const indexed = (parameter: string, value: object) =>
      searchIndex(parametersOf("Observation", parameter), { resourceType: "Observation", code: code("1"), ...value });
    expect(indexed("code-value-date", { valueDateTime: "2024" }).dates).toMatchObject([{ occurrence: 0, low: "2024-01-01T00:00:00.000Z" }]);
    expect(indexed("code-value-string", { valueString: "Ärger" }).strings).toMatchObject([
      { parameter: "code-value-string$1", value: "arger" },
    ]);
    expect(indexed("code-value-concept", { valueCodeableConcept: code("v") }).tokens.map((token) => token.code)).toEqual(["1", "v"]);
    const relatesTo = [{ code: "replaces", target: { reference: "DocumentReference/old" } }];
    expect(searchIndex(parametersOf("DocumentReference", "relationship"), { resourceType: "DocumentReference", relatesTo }).tokens).toEqual(
      [
        { parameter: "relationship$0", occurrence: 0, system: "", code: "replaces" },
        { parameter: "relationship$1", occurrence: 0, system: "DocumentReference", code: "old" },
      ],
    );
  });
});

describe("searchIndex", () => {
  it("indexes a patient", () => {
    const resource = {
      resourceType: "Patient",
      active: true,
      identifier: [{ system: "urn:a", value: "1" }, { value: "2" }],
      name: [{ family: "Müller-Thill", given: ["Zoé"] }],
      telecom: [{ system: "phone", value: "+352" }],
      birthDate: "1980-02",
    };
    expect(searchIndex(parametersOf("Patient", "identifier", "name", "birthdate", "active", "telecom"), resource)).toEqual({
      tokens: [
        { parameter: "active", system: "", code: "true" },
        { parameter: "identifier", system: "urn:a", code: "1" },
        { parameter: "identifier", system: "", code: "2" },
        { parameter: "telecom", system: "", code: "+352" },
      ],
      strings: [
        { parameter: "name", value: "muller-thill", exact: "Müller-Thill" },
        { parameter: "name", value: "zoe", exact: "Zoé" },
      ],
      dates: [{ parameter: "birthdate", low: "1980-02-01T00:00:00.000Z", high: "1980-02-29T23:59:59.999Z" }],
      quantities: [],
    });
  });

  it("indexes references by type and id, and open periods to the ends of time", () => {
    const resource = {
      resourceType: "Observation",
      code: { coding: [{ system: "http://loinc.org", code: "1-8" }] },
      subject: { reference: "Patient/p/_history/3" },
      effectivePeriod: { start: "2024-01-01" },
    };
    const index = searchIndex(parametersOf("Observation", "code", "date", "patient", "subject"), resource);
    expect(index.tokens).toEqual([
      { parameter: "code", system: "http://loinc.org", code: "1-8" },
      { parameter: "patient", system: "Patient", code: "p" },
      { parameter: "subject", system: "Patient", code: "p" },
    ]);
    expect(index.dates).toEqual([{ parameter: "date", low: "2024-01-01T00:00:00.000Z", high: "9999-12-31T23:59:59.999Z" }]);
  });

  it("indexes quantities with their unit, and ranges with an open end", () => {
    const weight = { value: 72.5, unit: "kilogram", system: "http://unitsofmeasure.org", code: "kg" };
    const observation = { resourceType: "Observation", valueQuantity: weight, component: [{ valueQuantity: { value: 3 } }] };
    expect(searchIndex(parametersOf("Observation", "value-quantity", "combo-value-quantity"), observation).quantities).toEqual([
      { parameter: "combo-value-quantity", low: "72.5", high: "72.5", system: "http://unitsofmeasure.org", code: "kg", unit: "kilogram" },
      { parameter: "combo-value-quantity", low: "3", high: "3", system: "", code: "", unit: "" },
      { parameter: "value-quantity", low: "72.5", high: "72.5", system: "http://unitsofmeasure.org", code: "kg", unit: "kilogram" },
    ]);
    const condition = { resourceType: "Condition", onsetRange: { low: { value: 40, code: "a" } } };
    expect(searchIndex(parametersOf("Condition", "onset-age"), condition).quantities).toEqual([
      { parameter: "onset-age", low: "40", high: "1e30", system: "", code: "a", unit: "" },
    ]);
  });

  it("indexes what a reference says without leading anywhere: an identifier, the name of a contained person", () => {
    const resource = {
      resourceType: "Observation",
      contained: [
        { resourceType: "Practitioner", id: "a", name: [{ family: "Müller", given: ["Zoé", "Ada"] }, { family: "Test" }] },
        { resourceType: "Organization", id: "b", name: "Test-Ward" },
      ],
      subject: { identifier: { system: "urn:a", value: "1" } },
      performer: [{ reference: "#a" }, { reference: "#b" }, { reference: "#nobody" }],
    };
    const index = searchIndex(parametersOf("Observation", "subject", "performer"), resource);
    expect(index.tokens.filter(({ parameter }) => parameter.includes(":"))).toEqual([
      { parameter: "subject:identifier", system: "urn:a", code: "1" },
    ]);
    expect(index.strings).toEqual([
      { parameter: "performer.family", value: "muller", exact: "Müller" },
      { parameter: "performer.given", value: "zoe", exact: "Zoé" },
      { parameter: "performer.given", value: "ada", exact: "Ada" },
      { parameter: "performer.family", value: "test", exact: "Test" },
    ]);
    for (const contained of [null, "x", [null], [{ id: "a", name: [null, "x", { family: 5 }] }]]) {
      searchIndex(parametersOf("Observation", "performer"), { ...resource, contained });
    }
  });

  it("does not take another subject for a patient", () => {
    const resource = { resourceType: "Observation", subject: { reference: "Group/g" } };
    const { tokens } = searchIndex(parametersOf("Observation", "patient", "subject"), resource);
    expect(tokens).toEqual([{ parameter: "subject", system: "Group", code: "g" }]);
  });
});

describe("what is long, or this server's own", () => {
  const identifier = (system: string, value: string) => {
    const { tokens } = searchIndex(parametersOf("Patient", "identifier"), { resourceType: "Patient", identifier: [{ system, value }] });
    return tokens[0];
  };

  it("is cut to what PostgreSQL takes, never within a character", () => {
    expect(identifier("a".repeat(501), `${"b".repeat(499)}😀`)).toMatchObject({ system: "a".repeat(500), code: "b".repeat(499) });
    const long = identifier("鿿".repeat(500), "😀".repeat(300));
    expect([long?.system, long?.code]).toEqual(["鿿".repeat(333), "😀".repeat(250)]);
  });

  it("is known by its address too, a uri by all of it", () => {
    const resource = { resourceType: "Observation", subject: { reference: "https://dsp.test/fhir/Patient/1" } };
    expect(searchIndex(parametersOf("Observation", "subject"), resource, "https://dsp.test/fhir").tokens).toEqual([
      { parameter: "subject", system: "Patient", code: "1" },
    ]);
    const content = [{ attachment: { url: "Binary/1" } }, { attachment: { url: "https://dsp.test/fhir/Binary/2" } }];
    const document = { resourceType: "DocumentReference", content };
    const { tokens } = searchIndex(parametersOf("DocumentReference", "location"), document, "https://dsp.test/fhir");
    expect(tokens.map(({ system, code }) => [system, code])).toEqual([
      ["", "Binary/1"],
      ["", "https://dsp.test/fhir/Binary/2"],
    ]);
  });
});

describe("small parts", () => {
  it("normalises strings", () => {
    expect(normaliseString("  ÀÉ  Ö ")).toBe("ae o");
  });
  it("splits references", () => {
    expect(splitReference("urn:uuid:1")).toEqual({ system: "", code: "urn:uuid:1" });
  });
});
