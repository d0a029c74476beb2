import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FhirError } from "../operation-outcome.ts";
import { anyText } from "../testing/any-text.ts";
import { parseResource } from "./exact-json.ts";

const withNumber = (number: string): string => `{"resourceType":"Observation","valueQuantity":{"value":${number}}}`;

describe("parseResource", () => {
  it.each(["1.0", "0.10", "100", "1.50", "1e3", "-2.00E-1", "3.14", "0.1234567890123456789", "12345678901234567890"])(
    "keeps %s as written",
    (number) => {
      expect(JSON.stringify(parseResource(withNumber(number)).exact)).toBe(withNumber(number));
    },
  );

  it("does not take digits within strings for numbers", () => {
    const text = '{"resourceType":"Patient","a":"1.0","b":["2.00"]}';
    expect(JSON.stringify(parseResource(text).exact)).toBe(text);
  });

  it("keeps an escaped backslash before a u", () => {
    const text = '{"resourceType":"Patient","a":"\\\\u0000"}';
    expect(JSON.stringify(parseResource(text).exact)).toBe(text);
  });

  it("refuses with 400 or gives what was sent", () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), anyText), (text) => {
        try {
          return JSON.stringify(parseResource(text).plain) === JSON.stringify(JSON.parse(text));
        } catch (error) {
          return error instanceof FhirError && error.status === 400;
        }
      }),
    );
  });

  it.each<[string, string]>([
    ["an element twice", '{"resourceType":"Patient","a":1,"a":2}'],
    ["an element twice within a list", '{"resourceType":"Patient","a":[{"b" : 1,"\\u0062":2}]}'],
    ["an element twice behind quotes", '{"resourceType":"Patient","a":"\\"b\\\\","c":1,"c":2}'],
    ["what every object has", '{"resourceType":"Patient","constructor":1}'],
    ["a prototype", '{"resourceType":"Patient","a":{"__proto__":{}}}'],
    ["a number beyond any", withNumber("1e999")],
    ["a number below any", withNumber("1e-999")],
    ["a number of too many digits", withNumber("1".repeat(101))],
  ])("refuses %s", (_title, text) => {
    expect(() => parseResource(text)).toThrow(FhirError);
  });

  it.each(['{"resourceType":"Patient","a":"b\\":","c":"{\\"a\\":1}"}', withNumber("0e5"), withNumber("0.000")])("takes %s", (text) => {
    expect(JSON.stringify(parseResource(text).exact)).toBe(text);
  });
});
