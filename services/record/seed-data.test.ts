import { describe, expect, it } from "vitest";
import { validate } from "../lib/fhir/validate.ts";
import { loadCatalogue } from "./catalogue.ts";
import { capabilityStatement } from "./metadata/capability-statement.ts";
import { resourceTypes } from "./resource-types.ts";
import { seedData } from "./seed-data.ts";

const { definitions, types } = loadCatalogue(resourceTypes);

describe("seedData", () => {
  it("is valid FHIR, the same every time, and plainly synthetic", () => {
    const data = seedData();
    for (const { resource } of data) validate(definitions, resource);
    expect(seedData()).toEqual(data);
    expect(new Set(data.map(({ type, id }) => `${type}/${id}`)).size).toBe(data.length);
    const patients = data.filter(({ type }) => type === "Patient");
    expect(patients).toHaveLength(36);
    for (const { resource } of patients)
      expect(JSON.stringify(resource)).toMatch(/"family":"Test-\d\d".*HTEST|HTEST.*"family":"Test-\d\d"/);
  });

  it("belongs to its patients", () => {
    for (const { type, id, resource } of seedData()) {
      expect(types.get(type)?.patientIds(resource, id)).toEqual([`test-patient-${id.split("-")[2]}`]);
    }
  });
});

describe("capabilityStatement", () => {
  it("is valid FHIR", () => {
    validate(definitions, {
      resourceType: "CapabilityStatement",
      ...capabilityStatement({ definitions, types }, { publicUrl: "https://dsp.test/fhir", startedAt: new Date() }),
    });
  });
});
