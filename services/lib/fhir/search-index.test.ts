import { describe, expect, it } from "vitest";
import { Definitions } from "./definitions.ts";
import { indexedParameters, normaliseString, searchIndex, splitReference } from "./search-index.ts";

const wanted = { Patient: ["identifier", "name", "birthdate", "active", "telecom"], Observation: ["code", "date", "patient", "subject"] };
const definitions = new Definitions({ searchParameters: wanted });

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
    expect(searchIndex(indexedParameters(definitions, "Patient", wanted.Patient), resource)).toEqual({
      tokens: [
        { parameter: "identifier", system: "urn:a", code: "1" },
        { parameter: "identifier", system: "", code: "2" },
        { parameter: "active", system: "", code: "true" },
        { parameter: "telecom", system: "", code: "+352" },
      ],
      strings: [
        { parameter: "name", value: "muller-thill", exact: "Müller-Thill" },
        { parameter: "name", value: "zoe", exact: "Zoé" },
      ],
      dates: [{ parameter: "birthdate", low: "1980-02-01T00:00:00.000Z", high: "1980-02-29T23:59:59.999Z" }],
    });
  });

  it("indexes references by type and id, and open periods to the ends of time", () => {
    const resource = {
      resourceType: "Observation",
      code: { coding: [{ system: "http://loinc.org", code: "1-8" }] },
      subject: { reference: "Patient/p/_history/3" },
      effectivePeriod: { start: "2024-01-01" },
    };
    const index = searchIndex(indexedParameters(definitions, "Observation", wanted.Observation), resource);
    expect(index.tokens).toEqual([
      { parameter: "code", system: "http://loinc.org", code: "1-8" },
      { parameter: "patient", system: "Patient", code: "p" },
      { parameter: "subject", system: "Patient", code: "p" },
    ]);
    expect(index.dates).toEqual([{ parameter: "date", low: "2024-01-01T00:00:00.000Z", high: "9999-12-31T23:59:59.999Z" }]);
  });

  it("does not take another subject for a patient", () => {
    const resource = { resourceType: "Observation", subject: { reference: "Group/g" } };
    const { tokens } = searchIndex(indexedParameters(definitions, "Observation", ["patient", "subject"]), resource);
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
