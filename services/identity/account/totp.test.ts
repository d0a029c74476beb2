import { expect, it } from "vitest";
import { totpCode, totpEnrolment, totpStep } from "./totp.ts";

/** RFC 6238, appendix B (SHA-1); eight digits there, the last six here. */
const secret = Buffer.from("12345678901234567890");

it("makes the codes of RFC 6238", () => {
  expect(totpCode(secret, 59_000)).toBe("287082");
  expect(totpCode(secret, 1_111_111_109_000)).toBe("081804");
  expect(totpCode(secret, 20_000_000_000_000)).toBe("353130");
});

it("names the time step of a code, a step early or late included", () => {
  expect(totpStep(secret, "287082", 59_000)).toBe(1);
  expect(totpStep(secret, "287 082", 75_000)).toBe(1);
  expect(totpStep(secret, "287082", 29_000)).toBe(1);
  expect(totpStep(secret, "287082", 95_000)).toBeUndefined();
  expect(totpStep(secret, "abc", 59_000)).toBeUndefined();
});

it("is set up by a key in base32", () => {
  const { key, uri } = totpEnrolment(secret, "test");
  expect(key).toBe("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
  expect(uri).toMatch(/^otpauth:\/\/totp\/DSP:test\?/);
});
