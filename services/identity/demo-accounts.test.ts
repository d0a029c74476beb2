import { expect, it } from "vitest";
import { totpStep } from "./account/totp.ts";
import { demoAccounts } from "./demo-accounts.ts";
import { demoTotpSecret } from "./seed.ts";

it("tells every account that was sown, with a code that its second factor takes now", () => {
  const atMs = Date.UTC(2030, 0, 1, 12, 0, 7);
  const accounts = demoAccounts("a password", atMs);
  expect(accounts.map(({ login }) => login)).toContain("marie");
  expect(accounts.filter(({ shows }) => !shows)).toEqual([]);
  const doctor = accounts.find(({ login }) => login === "hoffmann");
  expect(doctor).toMatchObject({ role: "practitioner", profession: "physician", organization: "demo-practice", codeSeconds: 23 });
  expect(totpStep(demoTotpSecret("a password", "hoffmann"), doctor?.code ?? "", atMs)).toBeDefined();
  expect(accounts.find(({ login }) => login === "marie")?.code).toBeUndefined();
});
