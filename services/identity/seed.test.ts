import { createHmac } from "node:crypto";
import { Secret } from "otpauth";
import { expect, it } from "vitest";
import { demoTotpSecret } from "./seed.ts";

it("a demo account's secret is what the command line computes too", () => {
  const digest = createHmac("sha256", "pass").update("totp:hoffmann").digest().subarray(0, 20);
  expect(demoTotpSecret("pass", "hoffmann").equals(digest)).toBe(true);
  expect(new Secret({ buffer: new Uint8Array(digest).buffer }).base32).toHaveLength(32);
});
