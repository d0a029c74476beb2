import { expect, it } from "vitest";
import { showAccounts } from "./demo.ts";

it("shows who can sign in, with what, and where", () => {
  const text = showAccounts("https://dsp.test/portal/", "one-two", [
    { login: "marie", name: "Marie Test-Weber", role: "patient", shows: "a full record" },
    {
      login: "reuter",
      name: "Sonja Test-Reuter",
      role: "practitioner",
      profession: "nurse",
      organization: "demo-hospital",
      code: "123456",
      codeSeconds: 12,
    },
  ]);
  expect(text).toMatch(/marie +Marie Test-Weber +patient\n +a full record\n/);
  expect(text).toMatch(/reuter +Sonja Test-Reuter +nurse, demo-hospital +code 123456 \(12 s\)/);
  expect(text).toMatch(/password +one-two\n +portal +https:\/\/dsp.test\/portal\//);
});
