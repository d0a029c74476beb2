import { describe, expect, it } from "vitest";
import { parseScopes, reach } from "./scope.ts";

describe("parseScopes", () => {
  it("takes SMART 2 and SMART 1 resource scopes and nothing else", () => {
    const scopes = parseScopes(
      "openid system/*.cruds user/Patient.rs patient/Observation.read user/*.write user/Patient.sr user/Patient.rs?a=b x/Y.r",
    );
    expect(scopes.map(({ context, resourceType, permissions }) => `${context}/${resourceType}.${[...permissions].join("")}`)).toEqual([
      "system/*.cruds",
      "user/Patient.rs",
      "patient/Observation.rs",
      "user/*.cud",
    ]);
  });
});

describe("reach", () => {
  it("is as far as the widest fitting scope", () => {
    const scopes = parseScopes("patient/*.rs user/Observation.r");
    expect(reach(scopes, "Observation", "r")).toBe("all");
    expect(reach(scopes, "Observation", "s")).toBe("patient");
    expect(reach(scopes, "Patient", "c")).toBe("none");
    expect(reach([], "Patient", "r")).toBe("none");
  });
});
