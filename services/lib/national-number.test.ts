import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type DefectKind, luhnDigit, nationalNumber, parseNationalNumber, verhoeffDigit } from "./national-number.ts";

const day = fc
  .date({ min: new Date("1880-01-01T00:00:00Z"), max: new Date("2100-12-31T00:00:00Z"), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 10));
const sequence = fc.integer({ min: 0, max: 999 });

function kinds(text: string): DefectKind[] {
  const parsed = parseNationalNumber(text);
  return parsed.valid ? [] : parsed.defects.map(({ kind }) => kind);
}

describe("check digits", () => {
  it("are those of published examples", () => {
    expect(luhnDigit("7992739871")).toBe(3);
    expect(luhnDigit("1789372997")).toBe(4);
    expect(verhoeffDigit("236")).toBe(3);
    expect(verhoeffDigit("12345")).toBe(1);
    expect(verhoeffDigit("142857")).toBe(0);
    expect(verhoeffDigit("123456789012")).toBe(0);
  });
});

describe("a national number", () => {
  it("is read as it was made, with or without spaces", () => {
    fc.assert(
      fc.property(day, sequence, (birthDate, number) => {
        const value = nationalNumber(birthDate, number);
        const spaced = `${value.slice(0, 4)} ${value.slice(4, 8)} ${value.slice(8)}`;
        for (const text of [value, spaced]) {
          expect(parseNationalNumber(text)).toEqual({ valid: true, value, birthDate, sequence: number });
        }
      }),
    );
  });

  it("does not survive one wrong digit, nor two neighbours swapped", () => {
    fc.assert(
      fc.property(day, sequence, fc.nat(12), fc.integer({ min: 1, max: 9 }), (birthDate, number, place, shift) => {
        const value = [...nationalNumber(birthDate, number)];
        const wrong = value.with(place, String((Number(value[place]) + shift) % 10));
        expect(parseNationalNumber(wrong.join("")).valid).toBe(false);
        const [left, right] = [value[place] ?? "", value[place + 1] ?? ""];
        if (place < 10 && left !== right) {
          expect(
            parseNationalNumber(
              value
                .with(place, right)
                .with(place + 1, left)
                .join(""),
            ).valid,
          ).toBe(false);
        }
      }),
    );
  });

  it("tells every defect by name and place", () => {
    const value = nationalNumber("1958-03-14", 123);
    expect(kinds("")).toEqual(["length"]);
    expect(kinds(value.slice(1))).toContain("length");
    expect(kinds(`${value}0`)).toEqual(["length"]);
    expect(kinds(`${value.slice(0, 9)}O${value.slice(10)}`)).toEqual(["characters"]);
    const parsed = parseNationalNumber("1958-03-14-12");
    expect(parsed).toMatchObject({ valid: false, defects: [{ kind: "characters", position: 5 }] });
    const luhn = (Number(value[11]) + 1) % 10;
    const verhoeff = (Number(value[12]) + 1) % 10;
    expect(parseNationalNumber(value.slice(0, 11) + luhn + value[12])).toMatchObject({ defects: [{ kind: "luhn", position: 12 }] });
    expect(parseNationalNumber(value.slice(0, 12) + verhoeff)).toMatchObject({ defects: [{ kind: "verhoeff", position: 13 }] });
    expect(kinds(value.slice(0, 11) + luhn + verhoeff)).toEqual(["luhn", "verhoeff"]);
  });

  it.each([
    ["19580230", 7],
    ["19581314", 5],
    ["19580014", 5],
    ["19000229", 7],
    ["00000101", 1],
  ])("refuses the day %s, which does not exist", (date, position) => {
    const first = `${date}123`;
    const value = `${first}${luhnDigit(first)}${verhoeffDigit(first)}`;
    expect(parseNationalNumber(value)).toMatchObject({ valid: false, defects: [{ kind: "date", position }] });
  });

  it("says what is wrong in three languages", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 16 }), (text) => {
        const parsed = parseNationalNumber(text);
        expect(parsed.valid ? [] : parsed.defects).not.toContainEqual(expect.objectContaining({ message: { fr: "", de: "", en: "" } }));
        for (const { message, position } of parsed.valid ? [] : parsed.defects) {
          expect(new Set(Object.values(message)).size).toBe(3);
          expect(position).toBeGreaterThanOrEqual(1);
          expect(position).toBeLessThanOrEqual(16);
        }
      }),
    );
  });

  it("is not made of a date that does not exist nor of a sequence that does not fit", () => {
    expect(() => nationalNumber("2023-02-29", 1)).toThrow(RangeError);
    expect(() => nationalNumber("58-03-14", 1)).toThrow(RangeError);
    expect(() => nationalNumber("1958-03-14", 1000)).toThrow(RangeError);
    expect(() => nationalNumber("1958-03-14", 1.5)).toThrow(RangeError);
  });
});
