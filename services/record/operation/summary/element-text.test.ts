import { describe, expect, it } from "vitest";
import { parseResource } from "../../../lib/fhir/exact-json.ts";
import {
  choiceText,
  conceptText,
  dateText,
  dosageText,
  type Element,
  medicationText,
  nameText,
  resultText,
  statusText,
} from "./element-text.ts";

const exact = (text: string): Element => parseResource(`{"resourceType":"Basic",${text.slice(1)}`).exact;

describe("element texts", () => {
  it("say a concept by its text, its display or its code", () => {
    expect(conceptText({ text: "a", coding: [{ display: "b" }] })).toBe("a");
    expect(conceptText([{ coding: [{ code: "c" }, { display: "b" }] }, { coding: [{ code: "d" }] }])).toBe("b, d");
    expect([conceptText(undefined), conceptText(null), conceptText("text"), conceptText({ text: 5 })]).toEqual(["", "", "", "5"]);
    expect(statusText({ text: "Aktiv!", coding: [{ code: "active" }] }, "fr")).toBe("actif");
    expect(statusText({ coding: [{ code: "24484000", display: "Severe" }] }, "fr")).toBe("Severe");
  });

  it("give dates as precise as they are, and times with their zone", () => {
    expect(["2024", "2024-02", "2024-02-03"].map(dateText)).toEqual(["2024", "2024-02", "2024-02-03"]);
    expect(dateText("2024-02-03T04:05:06.789+01:00")).toBe("2024-02-03 04:05 +01:00");
    expect(dateText("2024-02-03T04:05:06Z")).toBe("2024-02-03 04:05 UTC");
  });

  it.each<[string, string]>([
    ['{"valueQuantity":{"comparator":">=","value":2.10,"code":"mmol"}}', ">=2.10 mmol"],
    ['{"valueRange":{"low":{"value":1.0},"high":{"value":2.00,"unit":"m"}}}', "1.0 – 2.00 m"],
    ['{"valueRatio":{"numerator":{"value":1},"denominator":{"value":128}}}', "1 / 128"],
    ['{"valuePeriod":{"start":"2020"}}', "2020 –"],
    ['{"valueBoolean":false}', "non"],
    ['{"valueInteger":7}', "7"],
    ['{"valueString":"s"}', "s"],
    ['{"valueCodeableConcept":{"text":"t"}}', "t"],
    ['{"values":1}', ""],
    ['{"valueQuantity":{"unit":"kg"}}', ""],
  ])("read the choice in %s", (text, expected) => {
    expect(choiceText(exact(text), "value", "fr")).toBe(expected);
  });

  it("put an observation's parts and its judgement together", () => {
    const pressure = exact(
      '{"component":[{"code":{"text":"Systolic"},"valueQuantity":{"value":120.0,"unit":"mmHg"}},{"code":{"text":"Diastolic"},"dataAbsentReason":{"text":"unknown"}}]}',
    );
    expect(resultText(pressure, "en")).toBe("Systolic: 120.0 mmHg; Diastolic: unknown");
    expect(resultText(exact('{"valueInteger":9,"interpretation":[{"coding":[{"code":"H"}]}]}'), "en")).toBe("9 (H)");
  });

  it("give a dosage as it was written, or from its parts", () => {
    const dosage = exact(
      '{"d":[{"text":"as told"},{"doseAndRate":[{"doseQuantity":{"value":0.50,"unit":"tablet"}}],"timing":{"repeat":{"frequency":2,"period":1,"periodUnit":"d"}},"asNeededBoolean":true,"route":{"text":"oral"}}]}',
    ).d;
    expect(dosageText(dosage, "de")).toBe("as told; 0.50 tablet, 2× / 1 d, oral, bei Bedarf");
    expect(dosageText(undefined, "de")).toBe("");
  });

  it("find a medication that is referred to", () => {
    const contained = [{ resourceType: "Medication", id: "m", code: { text: "Test-Drug" } }];
    expect(medicationText({ contained, medicationReference: { reference: "#m" } })).toBe("Test-Drug");
    expect(medicationText({ medicationReference: { reference: "Medication/1", display: "Shown" } })).toBe("Shown");
    expect(medicationText({})).toBe("");
  });

  it("give the official name", () => {
    expect(nameText([{ text: "old" }, { use: "official", prefix: ["Dr"], given: ["A", "B"], family: "Test-C" }])).toBe("Dr A B Test-C");
    expect(nameText(undefined)).toBe("");
  });
});
