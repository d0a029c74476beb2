import { describe, expect, it } from "vitest";
import { validate } from "../../lib/fhir/validate.ts";
import { loadCatalogue } from "../catalogue.ts";
import { resourceTypes } from "../resource-types.ts";
import { submissionSet } from "./submission-set.ts";

const { definitions, types } = loadCatalogue(resourceTypes);
const about = {
  ...{ id: "00000000-0000-4000-8000-0000000000ff", documentId: "d", subject: "Patient/p", date: new Date("2025-01-02T03:04:05Z") },
  by: { issuer: "https://identity.test", clientId: "practice-7" },
};
const type = { coding: [{ system: "http://loinc.org", code: "34133-9" }] };

describe("submissionSet", () => {
  it("names the document, who sent it and who wrote it, and is found by MHD's parameters", () => {
    const author = [{ reference: "Organization/o" }, { reference: "PractitionerRole/r" }];
    const list = submissionSet({ resourceType: "DocumentReference", type, author, meta: { security: [{ code: "R" }] } }, about);
    validate(definitions, list);
    expect(list).toMatchObject({
      ...{ status: "current", mode: "working", subject: { reference: "Patient/p" }, date: "2025-01-02T03:04:05.000Z" },
      ...{ meta: { security: [{ code: "R" }] }, entry: [{ item: { reference: "DocumentReference/d" } }] },
      source: { reference: "PractitionerRole/r", extension: [{ valueReference: { reference: "Organization/o" } }] },
      identifier: [
        { use: "usual", value: `urn:oid:2.25.${0x4000_8000_0000_0000_00ffn}` },
        { use: "official", value: "urn:uuid:00000000-0000-4000-8000-0000000000ff" },
      ],
    });
    const tokens = types.get("List")?.index(list).tokens ?? [];
    expect(tokens).toContainEqual({ parameter: "designationType", system: "http://loinc.org", code: "34133-9" });
    expect(tokens).toContainEqual({ parameter: "sourceId", system: "https://identity.test", code: "practice-7" });
    expect(tokens).toContainEqual({
      ...{ parameter: "code", system: "https://profiles.ihe.net/ITI/MHD/CodeSystem/MHDlistTypes", code: "submissionset" },
    });
  });

  it("says nothing of a type or an author that it does not know", () => {
    const list = submissionSet({ resourceType: "DocumentReference", author: [{ reference: "#contained" }, {}] }, about);
    validate(definitions, list);
    expect(list.source).toBeUndefined();
    expect(list.extension).toHaveLength(1);
  });
});
