import { describe, expect, it } from "vitest";
import { sign, verify } from "./signature.ts";

describe("the signature of a notification", () => {
  it("is the documented one", () => {
    expect(sign("secret", '{"a":1}', 1_700_000_000)).toBe(
      "t=1700000000,v1=49f24e537407743fa4a0242bb63b94b9a47ee99cbbe071ccd8a22550ae411686",
    );
  });

  it("holds for this secret, this body and this hour only", () => {
    const header = sign("secret", "body", 1000);
    expect(verify("secret", "body", header, 1200)).toBe(true);
    expect(verify("other", "body", header, 1200)).toBe(false);
    expect(verify("secret", "bodY", header, 1200)).toBe(false);
    expect(verify("secret", "body", header, 1301)).toBe(false);
    expect(verify("secret", "body", header.replace("t=1000", "t=1001"), 1001)).toBe(false);
    expect(verify("secret", "body", "t=1000", 1000)).toBe(false);
    expect(verify("secret", "body", "t=1000,v1=00", 1000)).toBe(false);
  });
});
