import { describe, expect, it } from "vitest";
import { demoOrganizations, demoPeople } from "../lib/demo-people.ts";
import { validate } from "../lib/fhir/validate.ts";
import { loadCatalogue } from "./catalogue.ts";
import { capabilityStatement } from "./metadata/capability-statement.ts";
import { resourceTypes } from "./resource-types.ts";
import { seedData } from "./seed-data.ts";
import { seedStories } from "./seed-stories.ts";

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

describe("seedStories", () => {
  const stories = seedStories("2026-11-28");

  it("is valid FHIR, the same every time, and marked as synthetic", () => {
    for (const { resource } of stories) validate(definitions, resource);
    expect(seedStories("2026-11-28")).toEqual(stories);
    expect(stories.filter(({ resource }) => !JSON.stringify(resource).includes('"HTEST"'))).toEqual([]);
    // An id is the seed's key as well, so no two types share one.
    const ids = [...seedData(), ...stories].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("belongs to the four people, and each of its references is to something that is sown", () => {
    const owners = new Set(stories.flatMap(({ type, id, resource }) => types.get(type)?.patientIds(resource, id) ?? ["nobody"]));
    expect([...owners].toSorted()).toEqual(["demo-emma", "demo-lucas", "demo-marie", "demo-noah"]);
    const known = new Set([
      ...stories.map(({ type, id }) => `${type}/${id}`),
      ...demoPeople.map(({ practitionerId }) => `Practitioner/${practitionerId}`),
      ...demoOrganizations.map(({ id }) => `Organization/${id}`),
    ]);
    const used = stories.flatMap(({ resource }) => [...JSON.stringify(resource).matchAll(/"(?:reference|url)":"([A-Z]\w+\/[^"]+)"/g)]);
    expect(used.map(([, reference = ""]) => reference).filter((reference) => !known.has(reference))).toEqual([]);
  });

  it("has a PDF whose table finds its objects", () => {
    const binary = stories.find(({ id }) => id === "demo-marie-discharge-content")?.resource as unknown as { data: string };
    const pdf = Buffer.from(binary.data, "base64").toString("latin1");
    const start = Number(/startxref\n(\d+)/.exec(pdf)?.[1]);
    expect(pdf.slice(start, start + 4)).toBe("xref");
    const offsets = [...pdf.slice(start).matchAll(/^(\d{10}) 00000 n $/gm)].map(([, offset]) => Number(offset));
    expect(offsets.map((offset) => pdf.slice(offset, offset + 7))).toEqual([1, 2, 3, 4, 5].map((number) => `${number} 0 obj`));
    expect(pdf).toContain("allergie à la pénicilline");
    const stream = /Length (\d+)>>\nstream\n([\s\S]*?)\nendstream/.exec(pdf);
    expect(stream?.[2]?.length).toBe(Number(stream?.[1]));
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
