import { describe, expect, it } from "vitest";
import { loadCatalogue } from "../../services/record/catalogue.ts";
import { capabilityStatement } from "../../services/record/metadata/capability-statement.ts";
import { resourceTypes } from "../../services/record/resource-types.ts";
import { readCapability, sortOut } from "./capability.ts";
import { scenarios } from "./scenarios.ts";

const names = (list: readonly { name: string }[]) => list.map(({ name }) => name);

describe("sortOut", () => {
  it("leaves out what a server does not say it can do, and says what is missing", () => {
    const capability = readCapability({
      resourceType: "CapabilityStatement",
      rest: [
        {
          mode: "server",
          resource: [{ type: "Patient", interaction: [{ code: "read" }], operation: [{ name: "everything", definition: "x" }] }],
        },
      ],
    });
    const { able, skipped } = sortOut(scenarios, capability);
    expect(names(able)).toEqual(["read", "everything"]);
    expect(skipped).toContainEqual({ scenario: "summary", because: "the CapabilityStatement lists no $summary of Patient" });
    expect(skipped).toContainEqual({ scenario: "bundle", because: "the CapabilityStatement lists no transaction" });
    expect(skipped).toContainEqual({ scenario: "create", because: "the CapabilityStatement lists no create of Observation" });
  });

  it("finds all but perhaps $summary in the record service's own statement", () => {
    const statement = capabilityStatement(loadCatalogue(resourceTypes), { publicUrl: "https://dsp.test/fhir", startedAt: new Date() });
    const { able } = sortOut(scenarios, readCapability(statement));
    expect(names(able)).toEqual(expect.arrayContaining(["create", "read", "update", "search", "bundle", "everything"]));
  });

  it("refuses what is no CapabilityStatement", () => {
    expect(() => readCapability({ resourceType: "OperationOutcome" })).toThrow();
  });
});
