import { describe, expect, it } from "vitest";
import { parseResource } from "../../lib/fhir/exact-json.ts";
import { replaceInPatch, replaceReferences } from "./references.ts";

const publicUrl = "https://dsp.test/fhir";
const replaced = (resource: object, known: [string, string][] = []) =>
  replaceReferences(parseResource(JSON.stringify({ resourceType: "Basic", ...resource })), new Map(known), publicUrl).plain;

describe("replaceReferences", () => {
  it("puts what is known in the place of whole values", () => {
    const known: [string, string][] = [["urn:uuid:a", "Patient/1"]];
    expect(replaced({ subject: { reference: "urn:uuid:a" }, list: ["urn:uuid:a", "not urn:uuid:a"] }, known)).toMatchObject({
      subject: { reference: "Patient/1" },
      list: ["Patient/1", "not urn:uuid:a"],
    });
  });

  it("makes the url of an attachment a full one, and leaves one that leads elsewhere", () => {
    const known: [string, string][] = [["urn:uuid:b", "Binary/1"]];
    expect(replaced({ attachment: { url: "urn:uuid:b" } }, known)).toMatchObject({ attachment: { url: "https://dsp.test/fhir/Binary/1" } });
    expect(replaced({ attachment: { url: "https://other.test/1" } }, known)).toMatchObject({ attachment: { url: "https://other.test/1" } });
    expect(replaced({ attachment: { url: `${publicUrl}/Binary/old` } }, [["Binary/old", "Binary/new"]])).toMatchObject({
      attachment: { url: `${publicUrl}/Binary/new` },
    });
  });

  it("makes a reference to this server a relative one", () => {
    const reference = (given: string) =>
      (replaced({ subject: { reference: given } }) as unknown as { subject: { reference: string } }).subject.reference;
    expect(reference(`${publicUrl}/Patient/1`)).toBe("Patient/1");
    expect(reference(`${publicUrl}/Patient?identifier=a|b`)).toBe("Patient?identifier=a|b");
    expect(reference("https://other.test/fhir/Patient/1")).toBe("https://other.test/fhir/Patient/1");
    expect(reference("Patient/1")).toBe("Patient/1");
  });

  it("does the same in a patch, by what a path leads to", () => {
    const known = new Map([
      ["urn:uuid:a", "Patient/1"],
      ["urn:uuid:b", "Binary/1"],
    ]);
    const operations = [
      { op: "replace", path: "/subject/reference", value: "urn:uuid:a" },
      { op: "add", path: "/subject", value: { reference: `${publicUrl}/Patient/2` } },
      { op: "add", path: "/content/0/attachment/url", value: "urn:uuid:b" },
      { op: "replace", path: "/title", value: `${publicUrl}/Patient/2` },
      { op: "remove", path: "/subject" },
    ];
    expect(replaceInPatch(operations, known, publicUrl)).toEqual([
      { op: "replace", path: "/subject/reference", value: "Patient/1" },
      { op: "add", path: "/subject", value: { reference: "Patient/2" } },
      { op: "add", path: "/content/0/attachment/url", value: `${publicUrl}/Binary/1` },
      { op: "replace", path: "/title", value: `${publicUrl}/Patient/2` },
      { op: "remove", path: "/subject" },
    ]);
  });

  it("keeps numbers as they were written", () => {
    const parsed = parseResource('{"resourceType":"Observation","valueQuantity":{"value":1.50}}');
    expect(JSON.stringify(replaceReferences(parsed, new Map(), publicUrl).exact)).toContain('"value":1.50');
  });
});
