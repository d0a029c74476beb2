import { describe, expect, it } from "vitest";
import { partsOf, partsPath } from "./compilations.ts";

const own = "https://dsp.test/fhir";
const to = (reference: string) => ({ reference });

describe("what a resource is made of", () => {
  it.each<[object, string[]]>([
    [{ resourceType: "DiagnosticReport", result: [to("Observation/1"), to("Observation/1"), to("#contained")] }, ["Observation/1"]],
    [
      { resourceType: "List", entry: [{ item: to(`${own}/Condition/2`) }, { item: to("https://elsewhere/fhir/Condition/3") }] },
      ["Condition/2"],
    ],
    [
      {
        ...{ resourceType: "Composition", subject: to("Patient/p") },
        section: [{ entry: [to("Observation/1/_history/2")], section: [{ section: [{ entry: [to("List/2")] }] }] }, { title: "empty" }],
      },
      ["Observation/1", "List/2"],
    ],
    [{ resourceType: "Observation", hasMember: [to("Observation/1")], derivedFrom: [to("Observation/2")] }, ["Observation/1"]],
    [{ resourceType: "Provenance", target: [to("Patient/p"), to("Observation/1")] }, ["Patient/p", "Observation/1"]],
    [{ resourceType: "Encounter", subject: to("Patient/p") }, []],
    [{ resourceType: "List", entry: [null, { item: null }, { item: { display: "t" } }] }, []],
  ])("%j", (resource, expected) => {
    expect(partsOf(resource as { resourceType: string }, own).map(({ system, code }) => `${system}/${code}`)).toEqual(expected);
  });

  it("has a place in the text", () => {
    expect([partsPath("List"), partsPath("Encounter")]).toEqual(["$.entry[*].item.reference", undefined]);
  });
});
