import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ParsedResource, parseResource } from "../../lib/fhir/exact-json.ts";
import { type AnyResource, validate } from "../../lib/fhir/validate.ts";
import { FhirError } from "../../lib/operation-outcome.ts";
import { loadCatalogue } from "../catalogue.ts";
import { resourceTypes } from "../resource-types.ts";
import { carriesDocument, type Detached, detachDocuments } from "./detach-documents.ts";

const { definitions, types } = loadCatalogue(resourceTypes);
const publicUrl = "https://dsp.test/fhir";

function document(attachment: object, more: object = {}): AnyResource {
  return { resourceType: "DocumentReference", status: "current", subject: { reference: "Patient/p" }, content: [{ attachment }], ...more };
}

function detach(given: AnyResource | string): Detached {
  let ids = 0;
  const content: ParsedResource = parseResource(typeof given === "string" ? given : JSON.stringify(given));
  return detachDocuments(content, { publicUrl, newId: () => `b${++ids}` });
}

const hello = { contentType: "text/plain", data: "SGVsbG8gV29ybGQ=" };
const helloHash = "Ck1VqNd45QIvq3AZd8XYQLvEhtA=";

describe("detachDocuments", () => {
  it("puts a document's place, size and hash where the document was, and makes it a Binary of the patient's", () => {
    const { content, subject, binaries } = detach(document({ ...hello, title: "Test letter", creation: "2024-01-02" }));
    expect(subject).toBe("Patient/p");
    expect(content.plain.content).toEqual([
      {
        attachment: {
          ...{ contentType: "text/plain", title: "Test letter", creation: "2024-01-02" },
          ...{ url: "https://dsp.test/fhir/Binary/b1", size: 11, hash: helloHash },
        },
      },
    ]);
    const binary = { resourceType: "Binary", contentType: "text/plain", securityContext: { reference: "Patient/p" }, data: hello.data };
    expect(binaries).toEqual([{ id: "b1", content: { plain: binary, exact: binary } }]);
    expect(types.get("Binary")?.patientIds(binary, "b1")).toEqual(["p"]);
  });

  it("leaves content that is elsewhere as it is, and detaches each of several", () => {
    const elsewhere = { attachment: { contentType: "application/pdf", url: "https://other.test/1" } };
    const { content, binaries } = detach(document({}, { content: [elsewhere, { attachment: hello }, { attachment: hello }] }));
    expect((content.plain.content as object[])[0]).toEqual(elsewhere);
    expect(binaries.map(({ id }) => id)).toEqual(["b1", "b2"]);
  });

  it("makes the address of the own patient a relative one, and hands on labels", () => {
    const label = { system: "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", code: "R" };
    const given = document(hello, {
      subject: { reference: `${publicUrl}/Patient/p`, display: "Test" },
      ...{ meta: { security: [label] }, securityLabel: [{ coding: [label] }, { coding: [{ code: "HIV" }] }] },
    });
    const { content, binaries } = detach(given);
    expect(content.plain.subject).toEqual({ reference: "Patient/p", display: "Test" });
    expect(binaries[0]?.content.plain.meta).toEqual({ security: [label, { code: "HIV" }] });
  });

  it("keeps numbers as they were written", () => {
    const extension = '"extension":[{"url":"urn:test","valueDecimal":1.50}]';
    const { content } = detach(`{${extension},${JSON.stringify(document(hello)).slice(1)}`);
    expect(JSON.stringify(content.exact)).toContain(extension);
    expect(JSON.stringify(content.exact)).not.toContain('"data"');
  });

  it("takes a size and a hash that are right, the hash in either spelling", () => {
    for (const hash of [helloHash, "0a4d55a8d778e5022fab701977c5d840bbc486d0", "0A4D55A8D778E5022FAB701977C5D840BBC486D0"]) {
      expect(detach(document({ ...hello, size: 11, hash })).content.plain.content).toMatchObject([{ attachment: { hash: helloHash } }]);
    }
  });

  it.each<[string, AnyResource, string]>([
    ["no content type", document({ data: hello.data }), "required DocumentReference.content[0].attachment.contentType"],
    ["data that is not base64", document({ ...hello, data: "SGVsbG8" }), "value DocumentReference.content[0].attachment.data"],
    ["data with other characters", document({ ...hello, data: "SGVs*G8=" }), "value DocumentReference.content[0].attachment.data"],
    ["no data in the data", document({ ...hello, data: " " }), "value DocumentReference.content[0].attachment.data"],
    ["data and an address", document({ ...hello, url: "Binary/1" }), "invalid DocumentReference.content[0].attachment.url"],
    ["another size", document({ ...hello, size: 12 }), "value DocumentReference.content[0].attachment.size"],
    ["another hash", document({ ...hello, hash: "AAAA" }), "value DocumentReference.content[0].attachment.hash"],
    ["no subject", document(hello, { subject: undefined }), "required DocumentReference.subject"],
    ["a subject that is no patient", document(hello, { subject: { reference: "Group/1" } }), "required DocumentReference.subject"],
    [
      "a patient of elsewhere",
      document(hello, { subject: { reference: "https://other.test/Patient/1" } }),
      "required DocumentReference.subject",
    ],
  ])("refuses %s", (_title, given, expected) => {
    const refusal = (): string => {
      try {
        detach(given);
        return "";
      } catch (error) {
        const [issue] = error instanceof FhirError && error.status === 400 ? error.outcome.issue : [];
        return `${issue?.code} ${issue?.expression?.[0]}`;
      }
    };
    expect(refusal()).toBe(expected);
  });

  it("of any bytes gives what is valid, and the bytes again", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.constantFrom("", "\n", " "), (bytes, space) => {
        const data = Buffer.from(bytes)
          .toString("base64")
          .replace(/(.{76})/g, `$1${space}`);
        const { content, binaries } = detach(document({ contentType: "application/dicom", data }));
        const [binary] = binaries;
        if (!binary) return false;
        for (const each of [content.plain, binary.content.plain]) validate(definitions, each);
        const sha1 = createHash("sha1").update(bytes).digest("base64");
        const [described] = content.plain.content as { attachment: { size: number; hash: string } }[];
        const kept = Buffer.from(binary.content.plain.data as string, "base64");
        return kept.equals(bytes) && described?.attachment.size === bytes.length && described.attachment.hash === sha1;
      }),
    );
  });
});

describe("carriesDocument", () => {
  it("is about DocumentReferences with data only", () => {
    expect(carriesDocument(document(hello))).toBe(true);
    expect(carriesDocument(document({ contentType: "text/plain", url: "Binary/1" }))).toBe(false);
    expect(carriesDocument({ resourceType: "Patient", content: [{ attachment: hello }] })).toBe(false);
    for (const content of [undefined, null, "x", [null], [{}], [{ attachment: null }]]) {
      expect(carriesDocument({ resourceType: "DocumentReference", content })).toBe(false);
    }
  });
});
