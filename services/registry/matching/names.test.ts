import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { colognePhonetics } from "./cologne-phonetics.ts";
import { foldName, joinedName, nameParts } from "./fold-name.ts";
import { givenNameGroup } from "./given-names.ts";
import { jaroWinkler } from "./jaro-winkler.ts";

const word = fc.stringMatching(/^[a-zäöüßéA-Z]{1,12}$/);

describe("Cologne phonetics", () => {
  it.each([
    // As published with the algorithm and in its descriptions.
    ["Wikipedia", "3412"],
    ["Breschnew", "17863"],
    ["Müller-Lüdenscheidt", "65752682"],
    ["Heinz Classen", "068586"],
    ["Maier", "67"],
    ["Meyer", "67"],
    ["Xaver", "4837"],
    ["Philipp", "351"],
    ["Chrisz", "478"],
    ["Schäfer", "837"],
    ["Celsius", "8588"],
    ["Aachen", "046"],
    ["", ""],
  ])("of %s is %s", (name, code) => {
    const folded = foldName(name).split(" ").join("");
    expect(colognePhonetics(folded)).toBe(code);
  });

  it("has digits only, and 0 only at the start, where H does not hide it", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 30 }), (text) => {
        expect(colognePhonetics(text)).toMatch(/^0?[1-8]*$/);
      }),
    );
  });
});

describe("folding names", () => {
  it.each([
    ["Müller", "Mueller"],
    ["Müller", "Muller"],
    ["Großmann", "Grossmann"],
    ["Schäfer", "SCHAEFER"],
    ["Noël", "Noel"],
    ["François", "Francois"],
    ["Bœuf", "Boeuf"],
    ["Søren", "Soren"],
  ])("%s is %s", (left, right) => expect(foldName(left)).toBe(foldName(right)));

  it("does the same twice as once, and knows no case", () => {
    fc.assert(
      fc.property(word, (text) => {
        expect(foldName(text.toUpperCase())).toBe(foldName(text.toLowerCase()));
        expect(joinedName(` ${text}-${text} `)).toBe(joinedName(`${text} ${text}`));
      }),
    );
  });

  it("takes double names apart and leaves particles aside", () => {
    expect(nameParts("Weber-Klein")).toEqual(["weber", "klein"]);
    expect(nameParts("von der Leyen")).toEqual(["leyen"]);
    expect(nameParts("d'Huart")).toEqual(["huart"]);
    expect(nameParts("Test-Weber")).toEqual(["weber"]);
    expect(nameParts("Le")).toEqual(["le"]);
    expect(nameParts("")).toEqual([]);
  });
});

describe("given names", () => {
  it("are alike in the country's languages, and others are not", () => {
    expect(givenNameGroup("Jean")).toBe(givenNameGroup("Johannes"));
    expect(givenNameGroup("Étienne")).toBe(givenNameGroup("Stefan"));
    expect(givenNameGroup("Kätt")).toBe(givenNameGroup("Catherine"));
    expect(givenNameGroup("Jean")).not.toBe(givenNameGroup("Jeanne"));
    expect(givenNameGroup("Zebulon")).toBe("zebulon");
  });
});

describe("Jaro and Winkler's similarity", () => {
  it.each([
    ["martha", "marhta", 0.961],
    ["dixon", "dicksonx", 0.813],
    ["dwayne", "duane", 0.84],
    ["abc", "xyz", 0],
    ["", "", 1],
  ])("of %s and %s is %d", (left, right, value) => expect(jaroWinkler(left, right)).toBeCloseTo(value, 3));

  it("is the same both ways, 1 of what is the same, and never outside 0 and 1", () => {
    fc.assert(
      fc.property(word, word, (left, right) => {
        const value = jaroWinkler(left, right);
        expect(jaroWinkler(right, left)).toBeCloseTo(value, 10);
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThanOrEqual(1);
        expect(jaroWinkler(left, left)).toBe(1);
      }),
    );
  });
});
