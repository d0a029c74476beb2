import { describe, expect, it } from "vitest";
import { languages } from "../../../lib/language.ts";
import { fillLetter, letterTemplateNames } from "./letter-templates.ts";

const facts = {
  ...{ head: "Test-Praxis\n", today: "1 May 2026", patient: "Test-{head}", birthDate: "14 March 1958", number: "1958 0314 12345" },
  ...{ allergies: ["Test-Penicillin"], medication: ["A 1-0-0", "B"], problems: [], closing: "Regards,\nTest" },
};

describe("a letter", () => {
  it("has nothing left to fill in, in any template and language", () => {
    const plain = { ...facts, patient: "Test" };
    const left = letterTemplateNames
      .flatMap((name) => languages.map((language) => fillLetter(name, plain, language)))
      .filter((text) => /[{}]/.test(text));
    expect(left).toEqual([]);
  });

  it("says what is recorded and that nothing is, and fills a name as it stands", () => {
    const text = fillLetter("referral", facts, "en");
    expect(text).toMatch(
      /^Test-Praxis\n\n1 May 2026[\s\S]*I refer Test-\{head\}, born on 14 March 1958[\s\S]*Medication: A 1-0-0; B\nKnown problems: nothing recorded/,
    );
    expect(fillLetter("plan", facts, "de")).toContain("– A 1-0-0\n– B\n");
  });
});
