import { describe, expect, it } from "vitest";
import type { FhirError } from "../operation-outcome.ts";
import { Definitions } from "./definitions.ts";
import { type AnyResource, validate } from "./validate.ts";

const definitions = new Definitions([]);
const observation = { resourceType: "Observation", status: "final", code: { text: "t" } };

function problems(resource: AnyResource): string[] {
  try {
    validate(definitions, resource);
    return [];
  } catch (error) {
    return (error as FhirError).outcome.issue.map(({ code, expression }) => `${code} ${expression?.[0]}`);
  }
}

describe("validate", () => {
  it("takes what is right", () => {
    expect(problems(observation)).toEqual([]);
    expect(problems({ ...observation, valueQuantity: { value: 1.5 }, subject: { reference: "Patient/1" } })).toEqual([]);
    expect(
      problems({
        resourceType: "Patient",
        gender: "unknown",
        contact: [{ gender: "male", organization: { reference: "Organization/1" } }],
      }),
    ).toEqual([]);
  });

  it.each<[string, AnyResource, string]>([
    ["an unknown property", { ...observation, colour: "red" }, "structure Observation.colour"],
    ["a missing element", { resourceType: "Observation", status: "final" }, "structure Observation.code"],
    ["a bad required code", { ...observation, status: "xyz" }, "code-invalid Observation.status"],
    [
      "a bad code deep inside",
      { resourceType: "Patient", contact: [{ name: { use: "xyz" } }] },
      "code-invalid Patient.contact[0].name.use",
    ],
    ["a bad code of a patient", { resourceType: "Patient", gender: "xyz" }, "code-invalid Patient.gender"],
    ["a wrong reference target", { ...observation, subject: { reference: "Medication/1" } }, "value Observation.subject"],
    [
      "a wrong target by URL",
      { ...observation, subject: { reference: "https://x.test/fhir/Medication/1/_history/2" } },
      "value Observation.subject",
    ],
    ["a wrong target by type", { ...observation, subject: { type: "Medication", display: "m" } }, "value Observation.subject"],
    [
      "a wrong contained target",
      { ...observation, subject: { reference: "#m" }, contained: [{ resourceType: "Medication", id: "m" }] },
      "value Observation.subject",
    ],
    ["an invalid id", { ...observation, id: "a b" }, "value Observation.id"],
    ["two values", { ...observation, valueString: "a", valueInteger: 1 }, "structure Observation"],
    ["two values, one by its extension", { ...observation, valueString: "a", _valueInteger: { id: "x" } }, "structure Observation"],
    ["a contained stranger", { ...observation, contained: [{ resourceType: "Spaceship" }] }, "structure Observation.contained"],
  ])("refuses %s", (_title, resource, problem) => {
    expect(problems(resource)).toEqual([problem]);
  });

  it("learns a type when it is contained", () => {
    const practitioner = { resourceType: "Practitioner", id: "p", name: [{ family: "Test" }] };
    expect(problems({ ...observation, contained: [practitioner], performer: [{ reference: "#p" }] })).toEqual([]);
  });

  it("learns the types in a Bundle, and checks what is in it", () => {
    const bundle = (resource: unknown) => ({ resourceType: "Bundle", type: "collection", entry: [{ fullUrl: "urn:uuid:1", resource }] });
    const appointment = { resourceType: "Appointment", status: "booked", participant: [{ status: "accepted" }] };
    expect(problems(bundle({ ...appointment, participant: [{ actor: { display: "Test" }, status: "accepted" }] }) as AnyResource)).toEqual(
      [],
    );
    expect(problems(bundle({ ...observation, status: "xyz" }) as AnyResource)).toEqual(["code-invalid Bundle.entry[0].resource.status"]);
    expect(problems(bundle({ resourceType: "Spaceship" }) as AnyResource)).toEqual(["structure Bundle.entry"]);
    for (const entry of [null, "x", [null], [{ resource: 5 }]]) problems({ resourceType: "Bundle", type: "collection", entry });
  });

  it("takes references that do not tell their type", () => {
    for (const reference of ["urn:uuid:7a4c8e1c-0001-4b1d-9d4e-1f6f6b0f0b4a", "https://x.test/anything"]) {
      expect(problems({ ...observation, subject: { reference } })).toEqual([]);
    }
  });
});

describe("Definitions", () => {
  it("lists the codes of value sets that can be listed", () => {
    expect([...(definitions.codes("http://hl7.org/fhir/ValueSet/administrative-gender|4.0.1") ?? [])].sort()).toEqual([
      "female",
      "male",
      "other",
      "unknown",
    ]);
    expect(definitions.codes("http://hl7.org/fhir/ValueSet/mimetypes|4.0.1")).toBeUndefined();
    expect(definitions.codes("http://example.test/none")).toBeUndefined();
  });

  it("knows which names are resource types", () => {
    expect(["Patient", "Encounter", "HumanName", "Nonsense", "../x"].map((name) => definitions.ensureType(name))).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});
