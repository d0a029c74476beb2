import { describe, expect, it } from "vitest";
import { validate } from "../../services/lib/fhir/validate.ts";
import { loadCatalogue } from "../../services/record/catalogue.ts";
import { resourceTypes } from "../../services/record/resource-types.ts";
import { bundleResources } from "./scenarios.ts";
import {
  blockPatients,
  blockPrefix,
  bundleTemplate,
  observationTemplate,
  patientId,
  patientIds,
  patientResources,
  seedBundles,
  updatedObservation,
} from "./synthetic-record.ts";

const { definitions, types } = loadCatalogue(resourceTypes);

interface Entry {
  fullUrl?: string;
  resource: { resourceType: string; id?: string };
  request: { method: string; url: string };
}

const entriesOf = (bundle: object) => (bundle as { entry: Entry[] }).entry;
const filled = (template: string) =>
  JSON.parse(template.replaceAll("<patient>", patientId(0, 7)).replaceAll("<unique>", "run-1")) as Entry["resource"];

describe("the first block", () => {
  const bundles = seedBundles(blockPatients);
  const entries = bundles.flatMap(entriesOf);

  it("is valid FHIR, plainly synthetic, and so many resources of each patient", () => {
    for (const { resource } of entries) validate(definitions, resource);
    expect(entries).toHaveLength(blockPatients * patientResources);
    expect(new Set(entries.map(({ request }) => request.url)).size).toBe(entries.length);
    for (const { resource } of entries.filter(({ request }) => request.url.startsWith("Patient/")))
      expect(JSON.stringify(resource)).toMatch(/HTEST.*"family":"Test-/);
  });

  it("has ids that say whose each resource is, short enough in every block", () => {
    for (const { resource } of entries) {
      const id = resource.id ?? "";
      expect(types.get(resource.resourceType)?.patientIds(resource, id)).toEqual([id.slice(0, patientId(0, 0).length)]);
      expect(id).toMatch(/^[A-Za-z0-9\-.]{1,64}$/);
    }
  });

  it("is as large as it is asked for", () => {
    const asked = [1, 7, 20].map((patients) => seedBundles(patients).flatMap(entriesOf).length);
    expect(asked).toEqual([1, 7, 20].map((patients) => patients * patientResources));
  });

  it("becomes another block by its prefix alone", () => {
    const copied = JSON.stringify(bundles).replaceAll(blockPrefix(0), blockPrefix(17));
    expect(copied).not.toContain("bench-0000-");
    expect(copied).toContain(`"url":"Patient/${patientId(17, 42)}"`);
    expect(patientId(17, 42)).toBe("bench-0017-00042");
  });
});

describe("what the scenarios send", () => {
  it("is valid FHIR", () => {
    validate(definitions, filled(observationTemplate));
    validate(definitions, filled(updatedObservation));
    expect(filled(updatedObservation).id).toBe(`${patientId(0, 7)}-observation-1`);
    const seeded = seedBundles(8).flatMap(entriesOf);
    expect(seeded.map(({ request }) => request.url)).toContain(`Observation/${patientId(0, 7)}-observation-1`);
  });

  it("is a transaction of so many creates of one new patient", () => {
    const entries = entriesOf(filled(bundleTemplate(bundleResources)));
    expect(entries).toHaveLength(bundleResources);
    const [first] = entries;
    expect(first).toMatchObject({ resource: { resourceType: "Patient" }, request: { method: "POST", url: "Patient" } });
    const references = JSON.stringify(entries).split(`{"reference":"${first?.fullUrl}"}`).length - 1;
    expect(references).toBe(bundleResources - 1);
    for (const { resource, request } of entries) {
      validate(definitions, JSON.parse(JSON.stringify(resource).replaceAll(first?.fullUrl ?? "", "Patient/1")));
      expect(request).toEqual({ method: "POST", url: resource.resourceType });
    }
  });

  it("finds patients by the ids that were written", () => {
    const { template, blockDigits, numberDigits } = patientIds;
    const made = template.replace("<block>", "3".padStart(blockDigits, "0")).replace("<number>", "9".padStart(numberDigits, "0"));
    expect(made).toBe(patientId(3, 9));
  });
});
