import { describe, expect, it } from "vitest";
import { type AnyResource, validate } from "../../lib/fhir/validate.ts";
import { loadCatalogue } from "../catalogue.ts";
import { resourceTypes } from "../resource-types.ts";
import { capabilityStatement } from "./capability-statement.ts";

interface Statement extends AnyResource {
  patchFormat: string[];
  rest: { security: Security; interaction: { code: string }[]; resource: Capability[] }[];
}
interface Security {
  description: string;
  extension?: { url: string; extension: { url: string; valueUri: string }[] }[];
}
interface Capability {
  type: string;
  interaction: { code: string }[];
  searchRevInclude: string[];
  searchParam: { name: string; type: string; definition: string }[];
}

const catalogue = loadCatalogue(resourceTypes);
const statement = capabilityStatement(catalogue, {
  publicUrl: "https://dsp.test/fhir",
  issuer: "https://dsp.test/identity",
  startedAt: new Date(),
}) as Statement;
const [rest] = statement.rest;
const of = (type: string): Capability | undefined => rest?.resource.find((each) => each.type === type);
const codes = (type: string): string[] => (of(type)?.interaction ?? []).map(({ code }) => code);

describe("the capability statement", () => {
  it("is valid R4", () => {
    validate(catalogue.definitions, statement);
  });

  it("tells of every type, and of histories and patches, which a Binary does not have", () => {
    expect(rest?.resource.map(({ type }) => type)).toEqual([...Object.keys(resourceTypes), "AuditEvent"]);
    expect(rest?.interaction.map(({ code }) => code)).toEqual(["batch", "transaction", "history-system"]);
    expect(statement.patchFormat).toEqual(["application/json-patch+json"]);
    expect(codes("Patient")).toEqual(expect.arrayContaining(["patch", "history-instance", "history-type"]));
    expect(codes("Binary")).not.toContain("patch");
  });

  it("tells of what every resource is found by, and of the log that is only read", () => {
    for (const type of Object.keys(resourceTypes)) {
      const common = (of(type)?.searchParam ?? []).filter(({ name }) => name.startsWith("_"));
      expect(common.map(({ name }) => name).toSorted(), type).toEqual(["_id", "_lastUpdated", "_profile", "_security", "_source", "_tag"]);
      expect(common.every(({ definition }) => definition.startsWith("http://hl7.org/fhir/SearchParameter/Resource-"))).toBe(true);
    }
    expect(codes("AuditEvent")).toEqual(["read", "search-type"]);
  });

  it("tells of composite parameters and of what may be included", () => {
    expect(of("Observation")?.searchParam).toContainEqual(
      expect.objectContaining({
        ...{ name: "code-value-quantity", type: "composite" },
        definition: "http://hl7.org/fhir/SearchParameter/Observation-code-value-quantity",
      }),
    );
    expect(of("Patient")?.searchRevInclude).toContain("Observation:subject");
  });

  it("says where tokens are had, and where an app finds the rest", () => {
    expect(rest?.security.description).toContain("https://dsp.test/fhir/.well-known/smart-configuration");
    const [oauth] = rest?.security.extension ?? [];
    expect(oauth?.url).toBe("http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris");
    expect(oauth?.extension).toContainEqual({ url: "token", valueUri: "https://dsp.test/identity/token" });
    expect(oauth?.extension).toContainEqual({ url: "authorize", valueUri: "https://dsp.test/identity/auth" });
    const without = capabilityStatement(catalogue, { publicUrl: "https://dsp.test/fhir", startedAt: new Date() }) as Statement;
    expect(without.rest[0]?.security.extension).toBeUndefined();
  });
});
