import { describe, expect, it } from "vitest";
import { formToken, isFormToken, isSecret, newSecret, seal, sessionId, unseal } from "./seal.ts";

describe("a session's secret", () => {
  const [secret, other] = [newSecret(), newSecret()];

  it("opens what it sealed, and nothing else does", () => {
    const sealed = seal(secret, "Ünicode");
    expect(unseal(secret, sealed)).toBe("Ünicode");
    expect(() => unseal(other, sealed)).toThrow();
    const changed = Buffer.from(sealed);
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
    expect(() => unseal(secret, changed)).toThrow();
    expect(() => unseal(secret, Buffer.alloc(3))).toThrow();
  });

  it("is not in what is kept", () => {
    expect(isSecret(secret)).toBe(true);
    expect(isSecret("x")).toBe(false);
    expect(sessionId(secret).toString("base64url")).not.toBe(secret);
    expect(sessionId(secret)).not.toEqual(sessionId(other));
  });

  it("makes a form token of its own", () => {
    expect(isFormToken(secret, formToken(secret))).toBe(true);
    expect([formToken(other), "", "é"].map((token) => isFormToken(secret, token))).toEqual([false, false, false]);
  });
});
