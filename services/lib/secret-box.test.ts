import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, expect, it } from "vitest";
import { SecretBox } from "./secret-box.ts";

const log = pino({ level: "silent" });
let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "dsp-box-"));
});
afterAll(() => rm(root, { recursive: true }));

async function box(...fills: number[]): Promise<SecretBox> {
  const path = join(root, `keys-${fills.join("-")}`);
  await writeFile(path, fills.map((fill) => Buffer.alloc(32, fill).toString("base64")).join("\n"));
  return new SecretBox(path, log);
}

it("opens what it closed, for that purpose, also once there is a newer key", async () => {
  const sealed = (await box(1)).seal(Buffer.from("secret"), "totp:a");
  expect(sealed.includes("secret")).toBe(false);
  expect((await box(2, 1)).open(sealed, "totp:a").toString()).toBe("secret");
  const wrongKey = await box(2);
  expect(() => wrongKey.open(sealed, "totp:a")).toThrow("none of the keys");
  const wrongPurpose = await box(1);
  expect(() => wrongPurpose.open(sealed, "totp:b")).toThrow("none of the keys");
});

it("names the newest key, by which one finds what is due to be sealed anew", async () => {
  const [old, both] = [await box(1), await box(2, 1)];
  expect(old.sealNamed(Buffer.from("secret"), "a").keyId).toBe(old.keyId);
  expect(both.keyId).toBe((await box(2)).keyId);
  expect(both.keyId).not.toBe(old.keyId);
  expect(Buffer.alloc(32, 1).toString("hex")).not.toContain(old.keyId);
});

it("derives a key for each purpose, of the key that is named", async () => {
  const [old, both] = [await box(1), await box(2, 1)];
  expect(both.derive("a", old.keyId)).toEqual(old.derive("a"));
  expect(both.derive("a")).not.toEqual(old.derive("a"));
  expect(old.derive("b")).not.toEqual(old.derive("a"));
  expect(old.derive("a")).toHaveLength(32);
  expect(old.derive("a", both.keyId)).toBeUndefined();
});

it("opens nothing that was changed or cut short", async () => {
  const it = await box(1);
  const sealed = it.seal(Buffer.from("secret"), "a");
  const changed = Buffer.from(sealed);
  changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
  for (const wrong of [changed, sealed.subarray(0, 20), Buffer.alloc(0)]) expect(() => it.open(wrong, "a")).toThrow("none of the keys");
});

it("refuses a file that holds no keys", async () => {
  const path = join(root, "bad");
  await writeFile(path, "short\n");
  expect(() => new SecretBox(path, log)).toThrow("32 bytes");
});
