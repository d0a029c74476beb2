import { describe, expect, it } from "vitest";
import { Definitions } from "./definitions.ts";
import { indexedParameters, normaliseString, searchIndex, splitReference } from "./search-index.ts";

const definitions = new Definitions(["Patient", "Observation", "Condition"]);

/** The parameters of a type, or those of them that are named. */
function parametersOf(type: string, ...codes: string[]) {
  const all = indexedParameters(definitions, type);
  return codes.length === 0 ? all : new Map([...all].filter(([code]) => codes.includes(code)));
}

describe("indexedParameters", () => {
  it("takes what R4 defines for the type, composite parameters aside", () => {
    const parameters = parametersOf("Observation");
    expect([...parameters.keys()]).toEqual(expect.arrayContaining(["code", "date", "patient", "value-quantity", "combo-code"]));
    expect(parameters.has("code-value-quantity")).toBe(false);
    expect(parametersOf("Condition").get("onset-age")?.elements).toEqual(["onset", "onset"]);
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

describe("small parts", () => {
  it("normalises strings", () => {
    expect(normaliseString("  ÀÉ  Ö ")).toBe("ae o");
  });
  it("splits references", () => {
    expect(splitReference("urn:uuid:1")).toEqual({ system: "", code: "urn:uuid:1" });
  });
});
