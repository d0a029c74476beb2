import { describe, expect, it } from "vitest";
import { accepts } from "./http.ts";

describe("accepts", () => {
  it.each<[string | undefined, string, boolean]>([
    [undefined, "application/pdf", true],
    ["*/*", "application/pdf", true],
    ["application/pdf", "application/pdf", true],
    ["text/html, Application/*;q=0.5", "application/pdf", true],
    ["text/plain", "text/plain; charset=utf-8", true],
    ["text/plain;charset=utf-8", "text/plain", true],
    ["text/plain", "application/pdf", false],
    ["application/pdf;q=0, text/*", "application/pdf", false],
    ["application/pdf;q=0.000, */*;q=0.1", "application/pdf", true],
  ])("%s takes %s: %s", (header, type, expected) => {
    expect(accepts(header, type)).toBe(expected);
  });
});
