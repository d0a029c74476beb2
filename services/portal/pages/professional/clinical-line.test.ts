import type { AllergyIntolerance, Condition, MedicationRequest, Observation } from "@medplum/fhirtypes";
import { describe, expect, it } from "vitest";
import { allergyLine, conditionLine, isOutside, medicationLine, resultLine } from "./clinical-line.ts";

const status = (code: string) => ({ coding: [{ code }] });
const result = (more: Partial<Observation>): Observation => ({
  resourceType: "Observation",
  status: "final",
  code: { text: "Test" },
  ...more,
});

describe("a line of a record", () => {
  it("warns of an allergy that is life-threatening, and folds a refuted one", () => {
    const allergy: AllergyIntolerance = {
      resourceType: "AllergyIntolerance",
      patient: {},
      code: { text: "Test-Penicillin" },
      criticality: "high",
    };
    expect(allergyLine(allergy, "en")).toMatchObject({ title: "Test-Penicillin", warning: "life-threatening", current: true });
    expect(allergyLine({ ...allergy, verificationStatus: status("refuted") }, "en")).toMatchObject({
      current: false,
      facts: expect.arrayContaining(["refuted"]),
    });
    expect(allergyLine({ ...allergy, clinicalStatus: status("resolved") }, "de").current).toBe(false);
  });

  it("takes what nobody called ended for current", () => {
    const condition: Condition = { resourceType: "Condition", subject: {}, code: { text: "Test" } };
    expect(conditionLine(condition, "en").current).toBe(true);
    expect(conditionLine({ ...condition, clinicalStatus: status("remission") }, "en").current).toBe(false);
  });

  it("shows how a medicine is taken and that it was stopped", () => {
    const request: MedicationRequest = {
      resourceType: "MedicationRequest",
      status: "stopped",
      intent: "order",
      subject: {},
      dosageInstruction: [{ text: "1-0-1" }],
    };
    expect(medicationLine(request, "en")).toMatchObject({ value: "1-0-1", current: false, facts: expect.arrayContaining(["stopped"]) });
  });

  it("says which results are outside their range: the laboratory's word counts, then the range", () => {
    const range = { referenceRange: [{ low: { value: 4 }, high: { value: 6 } }] };
    const value = (number: number) => ({ valueQuantity: { value: number } });
    expect([7, 5, 3, 6].map((number) => isOutside(result({ ...range, ...value(number) })))).toEqual([true, false, true, false]);
    expect(isOutside(result({ ...range, ...value(7), interpretation: [status("N")] }))).toBe(false);
    expect(isOutside(result({ ...value(7) }))).toBe(false);
    expect(resultLine(result({ ...range, ...value(7) }), "fr").facts).toContain("usuel 4 – 6");
    expect(resultLine(result({ referenceRange: [{ high: { value: 6 } }], ...value(7) }), "de").facts).toContain("üblich ≤ 6");
  });
});
