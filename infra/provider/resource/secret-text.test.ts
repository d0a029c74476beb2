import { expect, it } from "vitest";
import { alwaysSecretPaths, pathsContaining, pathsOfTexts, secretTexts, withoutSecrets } from "./secret-text.ts";

it("hides secrets plain, encoded and quoted", () => {
  const secrets = secretTexts({ password: 'pass"word', data: { token: Buffer.from("the token").toString("base64") } }, [
    ["password"],
    ["data"],
  ]);
  const message = `bad value 'pass"word' or "pass\\"word" or ${Buffer.from('pass"word').toString("base64")} or the token`;
  expect(withoutSecrets(message, secrets)).toBe(`bad value '[secret]' or "[secret]" or [secret] or [secret]`);
});

it("hides each line of a key, and leaves short words alone", () => {
  const secrets = secretTexts({ key: "-----BEGIN KEY-----\nMIIBVQIBADANBg\n-----END KEY-----", flag: "yes" }, [["key"], ["flag"]]);
  expect(withoutSecrets("cannot parse MIIBVQIBADANBg, yes", secrets)).toBe("cannot parse [secret], yes");
});

it("knows that a Secret's contents are secret, and where a text turns up again", () => {
  expect(alwaysSecretPaths({ apiVersion: "v1", kind: "Secret" })).toContainEqual(["data"]);
  expect(alwaysSecretPaths({ apiVersion: "v1", kind: "ConfigMap" })).toEqual([]);
  expect(pathsOfTexts({ a: [{ b: "x" }, { b: "secret text" }] }, new Set(["secret text"]))).toEqual([["a", 1, "b"]]);
});

it("finds a secret inside what a template made of it, unless it is too short to tell", () => {
  const object = { url: "postgres://dsp:long-password@pg", name: "some", text: "something" };
  expect(pathsContaining(object, ["long-password", "some"])).toEqual([["url"], ["name"]]);
});
