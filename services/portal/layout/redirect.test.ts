import { describe, expect, it } from "vitest";
import { localPath } from "./redirect.ts";

describe("localPath", () => {
  it.each(["/portal/patient", "/portal/patient/documents?from=2026-01-01&page=YQ"])("keeps %s", (path) => {
    expect(localPath(path)).toBe(path);
  });

  it.each([
    undefined,
    "",
    "//evil.test",
    "https://evil.test/portal/",
    "/portal//evil.test/../..",
    "/portalx",
    "/portal/\\evil",
    "/fhir/Patient",
  ])("sends %s home", (path) => {
    expect(localPath(path)).toBe("/portal/home");
  });
});
