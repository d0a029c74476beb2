import { describe, expect, it } from "vitest";
import { checkedKey, fingerprint } from "./idempotency.ts";

describe("fingerprint", () => {
  it("tells requests apart, also where their parts run together", () => {
    expect(fingerprint(["a", "bc"])).not.toBe(fingerprint(["ab", "c"]));
    expect(fingerprint(["a", "b"])).toBe(fingerprint(["a", "b"]));
  });
});

describe("checkedKey", () => {
  it("makes one where there is none and refuses bad ones", () => {
    expect(checkedKey(undefined)).toMatch(/^[0-9a-f-]{36}$/);
    expect(checkedKey("k")).toBe("k");
    for (const bad of ["", " ", "ü", "x".repeat(256)]) expect(() => checkedKey(bad)).toThrow();
  });
});
