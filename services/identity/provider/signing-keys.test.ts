import fc from "fast-check";
import { expect, it } from "vitest";
import { orderKeys, type SigningKey } from "./signing-keys.ts";

function key(kid: string, issuedAt?: number): SigningKey {
  return { kty: "EC", crv: "P-256", x: "x", y: "y", d: "d", kid, ...(issuedAt === undefined ? {} : { issuedAt }) };
}

const kids = (keys: SigningKey[], nowS: number): string[] => orderKeys(keys, { nowS, activeAfterS: 300 }).map(({ kid }) => kid);

it("a new key waits until it has been published for long enough", () => {
  const keys = [key("new", 1000), key("old", 0)];
  expect(kids(keys, 1299)).toEqual(["old", "new"]);
  expect(kids(keys, 1300)).toEqual(["new", "old"]);
});

it("a key without a date signs at once, and of keys that are all too new the oldest does", () => {
  expect(kids([key("new"), key("old")], 0)).toEqual(["new", "old"]);
  expect(kids([key("b", 20), key("a", 10)], 30)).toEqual(["a", "b"]);
});

it("publishes every key, whatever the dates", () => {
  fc.assert(
    fc.property(
      fc.array(fc.option(fc.integer({ min: 0, max: 1000 }), { nil: undefined }), { minLength: 1, maxLength: 6 }),
      fc.nat(2000),
      (dates, nowS) => {
        const keys = dates.map((date, index) => key(String(index), date));
        expect(kids(keys, nowS).sort()).toEqual(keys.map(({ kid }) => kid).sort());
      },
    ),
  );
});
