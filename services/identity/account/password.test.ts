import { expect, it } from "vitest";
import { PasswordHasher } from "./password.ts";

it("knows a password again, in any encoding of its characters, and no other", async () => {
  const hasher = new PasswordHasher({ atOnce: 2 });
  const stored = await hasher.hash("Test-é-Passwort");
  expect(stored).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  expect(await hasher.hash("Test-é-Passwort")).not.toBe(stored);
  expect(await hasher.verify("Test-e\u0301-Passwort", stored)).toBe(true);
  expect(await hasher.verify("Test-e-Passwort", stored)).toBe(false);
});

it("refuses what an account without a password is given", async () => {
  expect(await new PasswordHasher({ atOnce: 1 }).verify("anything", undefined)).toBe(false);
});

it("lets a bounded number wait", async () => {
  const hasher = new PasswordHasher({ atOnce: 1, waitingMax: 2 });
  const results = await Promise.allSettled(Array.from({ length: 5 }, () => hasher.hash("x")));
  expect(results.filter(({ status }) => status === "rejected")).toHaveLength(2);
});
