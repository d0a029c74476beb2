import { describe, expect, it } from "vitest";
import { type Call, type Checked, checkSteps, languages } from "./self-check.ts";

const about: Checked = { origin: "https://dsp.test", clientId: "client-1", patientId: "anna", closedPatientId: "closed" };
const call = (interaction: string, resourceType: string, more: Partial<Call> = {}): Call => ({
  ...{ interaction, resourceType, outcome: "0", patientId: "anna", atMs: 0 },
  ...more,
});
const states = (calls: Call[], hasToken = false): string[] =>
  checkSteps(calls, about, { language: "en", hasToken }).map(({ state }) => state);
const good = [
  call("search-type", "DocumentReference"),
  call("create", "DocumentReference"),
  call("read", "Binary"),
  call("read", "Patient", { patientId: "closed", outcome: "8" }),
];

describe("the self-check", () => {
  it("begins with nothing and ends with everything done", () => {
    expect(states([])).toEqual(["missing", "missing", "missing", "missing", "missing"]);
    expect(states([], true)[0]).toBe("done");
    expect(states(good)).toEqual(["done", "done", "done", "done", "done"]);
  });

  it("says what is wrong", () => {
    expect(states([call("search-type", "Patient")])[1]).toBe("wrong");
    expect(states([call("search-type", "DocumentReference", { patientId: "ben" })])[1]).toBe("wrong");
    expect(states([call("create", "DocumentReference", { outcome: "8" })])[2]).toBe("wrong");
    expect(states([call("read", "DocumentReference")])[3]).toBe("wrong");
    const insisting = Array.from({ length: 6 }, (_, n) => call("read", "Patient", { patientId: "closed", outcome: "8", atMs: n * 1000 }));
    expect(states(insisting)[4]).toBe("wrong");
    expect(states(insisting.map((each, n) => ({ ...each, atMs: n * 60_000 })))[4]).toBe("done");
  });

  it("speaks three languages, with this vendor's own addresses", () => {
    const words = languages.map((language) => checkSteps([], about, { language, hasToken: false }).map((step) => step.words));
    expect(new Set(words.flat()).size).toBe(15);
    for (const text of words.flat()) expect(text).not.toMatch(/[{}]/);
    expect(words[2]?.[0]).toContain("https://dsp.test/identity/token");
  });
});
