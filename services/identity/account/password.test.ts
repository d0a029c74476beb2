import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { PasswordHasher } from "./password.ts";

/** As SecretBox names and derives them; the newest comes first. */
function keysOf(...names: string[]) {
  const idOf = (name: string) => createHash("sha256").update(name).digest("hex").slice(0, 16);
  const [newest = ""] = names;
  return {
    keyId: idOf(newest),
    derive: (purpose: string, keyId = idOf(newest)) => {
      const name = names.find((each) => idOf(each) === keyId);
      return name === undefined ? undefined : createHash("sha256").update(`${name} ${purpose}`).digest();
    },
  };
}

it("knows a password again, in any encoding of its characters, and no other", async () => {
  const hasher = new PasswordHasher({ atOnce: 2, keys: keysOf("a") });
  const stored = await hasher.hash("Test-é-Passwort");
  expect(stored).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1,keyid=[A-Za-z0-9+/]{11}\$/);
  expect(await hasher.hash("Test-é-Passwort")).not.toBe(stored);
  expect(await hasher.verify("Test-e\u0301-Passwort", stored)).toBe(true);
  expect(await hasher.verify("Test-e-Passwort", stored)).toBe(false);
});

it("mixes in a key that the table does not have, and knows which one", async () => {
  const old = await new PasswordHasher({ atOnce: 1, keys: keysOf("a") }).hash("Test-Passwort");
  const both = new PasswordHasher({ atOnce: 1, keys: keysOf("b", "a") });
  expect(await both.verify("Test-Passwort", old)).toBe(true);
  expect(both.isDated(old)).toBe(true);
  expect(both.isDated(await both.hash("Test-Passwort"))).toBe(false);
  const without = new PasswordHasher({ atOnce: 1, keys: keysOf("b") });
  await expect(without.verify("Test-Passwort", old)).rejects.toThrow("not in SECRET_KEYS_FILE");
  const [head, ...rest] = old.split(/,keyid=[^$]+/);
  expect(await both.verify("Test-Passwort", `${head}${rest.join("")}`)).toBe(false);
});

it("still knows a password that was kept without a key, and would keep it anew", async () => {
  const hasher = new PasswordHasher({ atOnce: 1, keys: keysOf("a") });
  const before = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$yMo9Ki5ec0j3yQGtYKqEwKoX2d5BoiKA1JSNnPhDcio";
  expect(await hasher.verify("Test-Passwort", before)).toBe(true);
  expect(hasher.isDated(before)).toBe(true);
});

it("refuses what an account without a password is given", async () => {
  expect(await new PasswordHasher({ atOnce: 1, keys: keysOf("a") }).verify("anything", undefined)).toBe(false);
});

it("lets a bounded number wait", async () => {
  const hasher = new PasswordHasher({ atOnce: 1, waitingMax: 2, keys: keysOf("a") });
  const results = await Promise.allSettled(Array.from({ length: 5 }, () => hasher.hash("x")));
  expect(results.filter(({ status }) => status === "rejected")).toHaveLength(2);
});
