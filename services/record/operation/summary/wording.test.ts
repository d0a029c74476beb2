import { describe, expect, it } from "vitest";
import { preferredLanguage } from "../../../lib/language.ts";
import { word } from "./wording.ts";

describe("preferredLanguage", () => {
  it.each<[string | undefined, string]>([
    [undefined, "en"],
    ["", "en"],
    ["*", "en"],
    ["fr", "fr"],
    ["de-LU, fr;q=0.9", "de"],
    ["lb, FR-lu;q=0.8, de;q=0.7", "fr"],
    ["fr;q=0.3, de;q=0.8, en;q=0.1", "de"],
    ["fr;q=0, en;q=0.1", "en"],
    ["de;q=many", "en"],
    ["constructor", "en"],
  ])("of %s is %s", (header, language) => {
    expect(preferredLanguage(header)).toBe(language);
  });
});

describe("word", () => {
  it("leaves what it does not know as it is", () => {
    expect([word("on-hold", "fr"), word("zz", "fr"), word("toString", "de"), word("", "de")]).toEqual(["suspendu", "zz", "toString", ""]);
  });
});
