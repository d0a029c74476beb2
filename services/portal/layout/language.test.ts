import { describe, expect, it } from "vitest";
import { preferredLanguage } from "../../lib/language.ts";
import { dateText, fill, instantText } from "./language.ts";

describe("preferredLanguage", () => {
  it.each([
    [undefined, "en"],
    ["de-LU,fr;q=0.8", "de"],
    ["lb, fr;q=0.8, de;q=0.9", "de"],
    ["fr;q=0, en;q=0.1", "en"],
    ["zh", "en"],
  ])("%s is %s", (header, language) => {
    expect(preferredLanguage(header)).toBe(language);
  });
});

describe("dates", () => {
  it("say no more than is known, and the time as it was here", () => {
    expect([dateText("1958", "fr"), dateText("1958-03", "de"), dateText("1958-03-14", "fr")]).toEqual([
      "1958",
      "März 1958",
      "14 mars 1958",
    ]);
    expect(instantText("2026-07-01T22:30:00Z", "de")).toBe("2. Juli 2026 um 00:30");
    expect([dateText(undefined, "en"), dateText("soon", "en")]).toEqual(["", ""]);
  });
});

it("fill leaves what it does not know", () => {
  expect(fill("{a} of {b}", { a: "1 $& {b}" })).toBe("1 $& {b} of {b}");
});
