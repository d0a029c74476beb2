import { describe, expect, it } from "vitest";
import { auditRow } from "./audit-event.ts";
import { backgroundContext } from "./context.ts";
import { Definitions } from "./fhir/definitions.ts";
import { type AnyResource, validate } from "./fhir/validate.ts";
import { createLog } from "./log.ts";
import { FhirError } from "./operation-outcome.ts";
import { parsePurpose, purposes } from "./purpose-of-use.ts";

const context = backgroundContext(createLog({ level: "silent", service: "test", site: "site-a", pod: "pod" }), "purpose-test", 1000);
const source = { service: "record", site: "site-a", servedBy: "primary" as const };
const fact = { interaction: "read" as const, outcome: "0" as const, resourceType: "Observation" };

describe("a purpose of use", () => {
  it("is one of HL7's, and nothing else", () => {
    expect(purposes.map(parsePurpose)).toEqual(purposes);
    expect(parsePurpose(undefined)).toBeUndefined();
    for (const odd of ["", "treat", "MARKETING", "TREAT,COC", "toString", "x".repeat(10_000)]) {
      expect(() => parsePurpose(odd), odd).toThrow(FhirError);
    }
  });

  it.each(purposes)("%s makes a valid AuditEvent", (purpose) => {
    const event = JSON.parse(auditRow({ ...context, purpose }, source, fact).content) as AnyResource;
    validate(new Definitions([]), event);
    expect(event.purposeOfEvent).toMatchObject([{ coding: [{ code: purpose }] }]);
  });

  it("gives way to the reason of an emergency, and is absent where nobody stated one", () => {
    const { content } = auditRow({ ...context, purpose: "TREAT" }, source, { ...fact, emergency: "unconscious" });
    const emergency = JSON.parse(content) as AnyResource;
    expect(emergency.purposeOfEvent).toMatchObject([{ coding: [{ code: "ETREAT" }], text: "unconscious" }]);
    expect(JSON.parse(auditRow(context, source, fact).content)).not.toHaveProperty("purposeOfEvent");
  });
});
