import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FhirError } from "../operation-outcome.ts";
import { anyText } from "../testing/any-text.ts";
import { Definitions } from "./definitions.ts";
import { applySubset, parseSubset, type Subset } from "./subset.ts";
import { validate } from "./validate.ts";

const definitions = new Definitions(["Patient", "Observation", "DocumentReference", "Condition"]);
const meta = { versionId: "1", lastUpdated: "2026-01-01T00:00:00.000Z" };
const subsetted = { system: "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", code: "SUBSETTED" };

const parse = (query: string, options: { strict?: boolean; countable?: boolean; type?: string } = {}): Subset | undefined =>
  parseSubset(new URLSearchParams(query), {
    elements: definitions.elements(options.type ?? "Observation"),
    strict: options.strict ?? false,
    countable: options.countable ?? true,
  });

/** The resource as the query leaves it, without what every one has. */
function reduced(resource: object, query: string): Record<string, unknown> {
  const { resourceType } = resource as { resourceType: string };
  const subset = parse(query, { type: resourceType });
  if (!subset) throw new Error("nothing is left out");
  const { resourceType: type, id: _id, ...rest } = resource as Record<string, unknown>;
  const text = applySubset(definitions, JSON.stringify({ resourceType: type, id: "1", meta, ...rest }), subset);
  const { resourceType: left, id, meta: marked, ...shown } = JSON.parse(text) as Record<string, unknown>;
  expect({ left, id, marked }).toEqual({ left: resourceType, id: "1", marked: { ...meta, tag: [subsetted] } });
  return shown;
}

const narrative = { status: "generated", div: '<div xmlns="http://www.w3.org/1999/xhtml">t</div>' };
const code = { coding: [{ system: "http://loinc.org", code: "1" }] };
const observation = {
  ...{ resourceType: "Observation", text: narrative, status: "final", code, note: [{ text: "n" }], issued: "2026-01-01T00:00:00Z" },
  ...{ modifierExtension: [{ url: "urn:m", valueBoolean: true }], valueQuantity: { value: 1 }, method: { text: "m" } },
  component: [
    { id: "c", code, valueQuantity: { value: 2 }, interpretation: [{ text: "high" }], extension: [{ url: "urn:e", valueCode: "x" }] },
  ],
};

describe("parseSubset", () => {
  it("reads what is wanted", () => {
    expect(parse("")).toBeUndefined();
    expect(parse("_summary=false")).toBeUndefined();
    expect(parse("_summary=count&_elements=code")).toBeUndefined();
    expect(parse("_summary=true")).toEqual({ kind: "summary" });
    expect(parse("_summary=false&_elements=code,%20value,&_elements=effective[x],valueQuantity,nonsense")).toEqual({
      kind: "elements",
      names: new Set(["code", "value", "effective"]),
    });
    const everywhere = parseSubset(new URLSearchParams("_elements=name"), { elements: undefined, strict: true, countable: false });
    expect(everywhere).toEqual({ kind: "elements", names: new Set(["name"]) });
  });

  it.each<[string, Parameters<typeof parse>[1]]>([
    ["_summary=yes", {}],
    ["_summary=count", { countable: false }],
    ["_summary=true&_elements=code", {}],
    ["_elements=nonsense", { strict: true }],
    ["_elements=component.code", { strict: true }],
    ["_elements=constructor", { strict: true }],
  ])("refuses %s", (query, options) => {
    expect(() => parse(query, options)).toThrow(FhirError);
  });

  it("answers anything with a subset or with 400", () => {
    fc.assert(
      fc.property(anyText, anyText, fc.boolean(), (summary, elements, strict) => {
        const query = new URLSearchParams([
          ["_summary", summary],
          ["_elements", elements],
        ]);
        try {
          parseSubset(query, { elements: definitions.elements("Patient"), strict, countable: true });
          return true;
        } catch (error) {
          return error instanceof FhirError && error.status === 400;
        }
      }),
    );
  });
});

describe("applySubset", () => {
  it("summarises by the specification's marks, down into an element's own elements", () => {
    const { text: _text, note: _note, method: _method, ...rest } = observation;
    const [component] = observation.component;
    const { interpretation: _interpretation, ...shown } = component ?? {};
    const { resourceType: _type, ...expected } = { ...rest, component: [shown] };
    expect(reduced(observation, "_summary=true")).toEqual(expected);
  });

  it("leaves the bytes of attachments out of summaries, and keeps what must be there", () => {
    const attachment = { contentType: "text/plain", data: "YQ==", title: "t" };
    const document = {
      resourceType: "DocumentReference",
      status: "current",
      content: [{ attachment, format: { code: "f" } }],
      docStatus: "final",
    };
    expect(reduced(document, "_summary=true")).toEqual({
      ...{ status: "current", docStatus: "final" },
      content: [{ attachment: { contentType: "text/plain", title: "t" }, format: { code: "f" } }],
    });
    const value = {
      resourceType: "Observation",
      status: "final",
      code,
      valueSampledData: { origin: { value: 1 }, period: 1, dimensions: 1, data: "1 2" },
    };
    expect(reduced(value, "_summary=true").valueSampledData).toEqual({ origin: { value: 1 }, period: 1, dimensions: 1 });
  });

  it("gives the text and what a resource must have", () => {
    expect(reduced(observation, "_summary=text")).toEqual({ text: narrative, status: "final", code });
  });

  it("gives all but the text", () => {
    const { resourceType: _type, text: _text, ...rest } = observation;
    expect(reduced(observation, "_summary=data")).toEqual(rest);
  });

  it("gives the elements asked for, what a resource must have, and what changes their meaning", () => {
    expect(reduced(observation, "_elements=value,nonsense")).toEqual({
      ...{ status: "final", code, valueQuantity: { value: 1 }, modifierExtension: observation.modifierExtension },
    });
    const wrong = { coding: [{ system: "http://terminology.hl7.org/CodeSystem/condition-ver-status", code: "entered-in-error" }] };
    const condition = {
      resourceType: "Condition",
      subject: { reference: "Patient/1" },
      verificationStatus: wrong,
      code,
      note: [{ text: "n" }],
    };
    expect(reduced(condition, "_elements=code")).toEqual({ subject: { reference: "Patient/1" }, verificationStatus: wrong, code });
  });

  it("keeps a primitive's extensions with it", () => {
    const patient = {
      resourceType: "Patient",
      birthDate: "1980",
      _birthDate: { extension: [{ url: "urn:e", valueCode: "x" }] },
      gender: "other",
    };
    const { birthDate, _birthDate } = patient;
    expect(reduced(patient, "_elements=birthDate")).toEqual({ birthDate, _birthDate });
    expect(reduced(patient, "_summary=true")).toEqual({ birthDate, _birthDate, gender: "other" });
  });

  it("keeps numbers as they were written, and tags that are there", () => {
    const content =
      '{"resourceType":"Observation","id":"1","meta":{"tag":[{"code":"own"}]},"status":"final","code":{"text":"t"},"valueQuantity":{"value":1.50}}';
    const [own, text] = ['{"code":"own"}', applySubset(definitions, content, { kind: "summary" })];
    expect(text).toBe(content.replace(own, `${own},${JSON.stringify(subsetted)}`));
  });

  it.each(["_summary=true", "_summary=text", "_summary=data", "_elements=issued"])("%s leaves a valid resource", (query) => {
    validate(definitions, { resourceType: "Observation", ...reduced(observation, query) });
  });
});
