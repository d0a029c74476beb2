import { describe, expect, it } from "vitest";
import type { AnyResource } from "../../lib/fhir/validate.ts";
import { FhirError } from "../../lib/operation-outcome.ts";
import { ownBinaries } from "./own-binaries.ts";
import type { BundleEntry } from "./parse-bundle.ts";

function entry(resource: AnyResource, fullUrl?: string): BundleEntry {
  const content = { plain: resource, exact: resource };
  return { method: "POST", url: resource.resourceType, content, ...(fullUrl === undefined ? {} : { fullUrl }) };
}
const document = (patient: string, ...urls: unknown[]) =>
  entry({
    resourceType: "DocumentReference",
    subject: { reference: patient },
    content: urls.map((url) => ({ attachment: { url } })),
  });
const binary = (fullUrl: string, more: object = {}) => entry({ resourceType: "Binary", contentType: "text/plain", ...more }, fullUrl);
const ownersOf = (entries: BundleEntry[]) => ownBinaries(entries).map(({ content }) => content?.plain.securityContext);

describe("ownBinaries", () => {
  it("gives each document to the patient that its description is about", () => {
    const entries = [document("Patient/1", "urn:uuid:a"), binary("urn:uuid:a"), binary("urn:uuid:b"), document("urn:uuid:p", "urn:uuid:b")];
    expect(ownersOf(entries)).toEqual([undefined, { reference: "Patient/1" }, { reference: "urn:uuid:p" }, undefined]);
    const [, first] = ownBinaries(entries);
    expect(first?.content?.exact).toBe(first?.content?.plain);
  });

  it("leaves a document that says whose it is, and one that nothing describes", () => {
    const said = { securityContext: { reference: "Patient/2" } };
    expect(ownersOf([document("Patient/1", "urn:uuid:a"), binary("urn:uuid:a", said), binary("urn:uuid:b")])).toEqual([
      undefined,
      said.securityContext,
      undefined,
    ]);
    const put: BundleEntry = { ...binary("urn:uuid:a"), method: "PUT", url: "Binary/x" };
    expect(ownersOf([document("Patient/1", "Binary/x"), put])[1]).toEqual({ reference: "Patient/1" });
  });

  it("takes several descriptions of one document for one patient, and refuses them for two", () => {
    const twice = (second: string) => [document("Patient/1", "urn:uuid:a"), document(second, "urn:uuid:a"), binary("urn:uuid:a")];
    expect(ownersOf(twice("Patient/1"))[2]).toEqual({ reference: "Patient/1" });
    expect(() => ownersOf(twice("Patient/2"))).toThrow(FhirError);
  });

  it("bears what nobody has checked", () => {
    const odd = [null, "x", [null], [{ attachment: null }], [{ attachment: { url: 5 } }], undefined];
    for (const content of odd) ownBinaries([entry({ resourceType: "DocumentReference", content, subject: { reference: "Patient/1" } })]);
    for (const subject of [null, "x", 5, {}, { reference: 5 }]) {
      ownBinaries([
        entry({ resourceType: "DocumentReference", subject, content: [{ attachment: { url: "urn:uuid:a" } }] }),
        binary("urn:uuid:a"),
      ]);
    }
    expect(ownBinaries([{ method: "DELETE", url: "Binary/1" }])).toHaveLength(1);
  });
});
