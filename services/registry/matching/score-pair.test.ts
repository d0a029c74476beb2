import type { Patient } from "@medplum/fhirtypes";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nationalNumber, nationalNumberSystem } from "../../lib/national-number.ts";
import { blockingKeys } from "./blocking-keys.ts";
import { describeReasons } from "./describe-reasons.ts";
import { featuresOf } from "./person-features.ts";
import { type Reason, scorePair } from "./score-pair.ts";
import { bitsOf, outcomes } from "./weights.ts";

interface Person {
  family: string;
  given: string;
  birthDate: string;
  gender?: "female" | "male";
  number?: number;
  city?: string;
  phone?: string;
}

function patient({ family, given, birthDate, gender = "female", number, city, phone }: Person): Patient {
  return {
    resourceType: "Patient",
    name: [{ family, given: given.split(" ") }],
    birthDate,
    gender,
    ...(number === undefined ? {} : { identifier: [{ system: nationalNumberSystem, value: nationalNumber(birthDate, number) }] }),
    ...(city === undefined ? {} : { address: [{ city }] }),
    ...(phone === undefined ? {} : { telecom: [{ system: "phone", value: phone }] }),
  };
}

const base: Person = { family: "Test-Weber", given: "Marie", birthDate: "1958-03-14" };
const score = (left: Person, right: Person) => scorePair(featuresOf(patient(left)), featuresOf(patient(right)));
const sharesKey = (left: Person, right: Person): boolean => {
  const keys = new Set(blockingKeys(featuresOf(patient(left))));
  return blockingKeys(featuresOf(patient(right))).some((key) => keys.has(key));
};

describe("the score of two records", () => {
  it.each<[string, Partial<Person>, string, Reason]>([
    ["nothing differs", {}, "certain", "family.same"],
    ["a diacritic and a case", { family: "Test-WÉBER" }, "certain", "family.same"],
    ["another form of the given name", { given: "Maria" }, "probable", "given.variant"],
    ["a name that sounds alike", { family: "Test-Veber" }, "probable", "family.sound"],
    ["a double name", { family: "Test-Weber-Klein" }, "probable", "family.part"],
    ["names in each other's place", { family: "Marie", given: "Test-Weber" }, "probable", "names.swapped"],
    ["day and month swapped", { birthDate: "1958-12-03" }, "possible", "birthDate.year"],
    ["one digit of the date", { birthDate: "1958-03-15" }, "probable", "birthDate.digit"],
    ["another given name, as twins have", { given: "Claire" }, "possible", "given.different"],
    ["another person altogether", { family: "Test-Schmit", given: "Claire", birthDate: "1971-01-09" }, "certainly-not", "family.different"],
  ])("%s", (_, change, grade, reason) => {
    const found = score(base, { ...base, ...change });
    expect([found.grade, found.reasons]).toEqual([grade, expect.arrayContaining([reason])]);
  });

  it("knows a day and a month that changed places", () => {
    const found = score({ ...base, birthDate: "1990-11-02" }, { ...base, birthDate: "1990-02-11" });
    expect([found.grade, found.reasons]).toEqual(["probable", expect.arrayContaining(["birthDate.swapped"])]);
  });

  it("takes twins of one household for two, whatever they share", () => {
    const twin = { ...base, city: "Musterdorf", phone: "+352 621 000 000" };
    expect(score(twin, { ...twin, given: "Claire" }).grade).toBe("possible");
    expect(score({ ...twin, number: 1 }, { ...twin, given: "Claire", number: 2 }).grade).toBe("certainly-not");
  });

  it("is less sure of two who bear different national numbers", () => {
    expect(score({ ...base, number: 1 }, { ...base, number: 2 }).grade).toBe("probable");
    expect(score({ ...base, number: 1 }, { ...base, number: 1 }).grade).toBe("certain");
  });

  it("never calls the bearer of the same number a stranger", () => {
    const found = score({ ...base, number: 1 }, { ...base, family: "Test-Xylander", given: "Zoltan", gender: "male", number: 1 });
    expect(found.grade).not.toBe("certainly-not");
    expect(found.reasons).toContain("nationalNumber.same");
  });

  const person = fc.record({
    family: fc.constantFrom("Test-Weber", "Test-Veber", "Test-Schmit", "Test-Klein-Weber", "Test-Müller"),
    given: fc.constantFrom("Marie", "Maria", "Jean", "Johann Peter", "Weber"),
    birthDate: fc.constantFrom("1958-03-14", "1958-03-15", "1990-11-02", "1990-02-11", "2019-05-05"),
    gender: fc.constantFrom<"female" | "male">("female", "male"),
  });

  it("is the same whichever comes first, is a probability, and is highest with oneself", () => {
    fc.assert(
      fc.property(person, person, (left, right) => {
        const [there, back] = [score(left, right), score(right, left)];
        expect(back.probability).toBeCloseTo(there.probability, 12);
        expect(back.grade).toBe(there.grade);
        expect(there.probability).toBeGreaterThanOrEqual(0);
        expect(there.probability).toBeLessThanOrEqual(1);
        expect(score(left, left).probability).toBeGreaterThanOrEqual(there.probability);
      }),
    );
  });

  it("finds by a blocking key whatever it would grade probable", () => {
    fc.assert(
      fc.property(person, person, (left, right) => {
        const { grade } = score(left, right);
        if (grade === "probable" || grade === "certain") expect(sharesKey(left, right), JSON.stringify([left, right])).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

describe("weights", () => {
  it("favour agreement and oppose disagreement", () => {
    for (const [feature, levels] of Object.entries(outcomes)) {
      const entries = Object.entries(levels as Record<string, { m: number; u: number }>);
      for (const [level, outcome] of entries) {
        expect(outcome.m, `${feature}.${level}`).toBeGreaterThan(0);
        if (level === "same") expect(bitsOf(outcome), feature).toBeGreaterThan(0);
        if (level === "different") expect(bitsOf(outcome), feature).toBeLessThan(0);
      }
      const sum = entries.reduce((total, [, { m }]) => total + m, 0);
      expect(sum, feature).toBeLessThanOrEqual(1.0001);
    }
  });
});

describe("reasons", () => {
  it("are said in three languages", () => {
    const { reasons } = score(
      { ...base, number: 1, city: "Musterdorf", phone: "621000000" },
      { ...base, number: 2, city: "Probstadt", phone: "691000000" },
    );
    const said = (["en", "fr", "de"] as const).map((language) => describeReasons(reasons, language).join(", "));
    expect(new Set(said).size).toBe(3);
    expect(said.join()).not.toContain("undefined");
  });
});
