import { describe, expect, it } from "vitest";
import { withoutIds } from "./feedback.ts";

describe("a page's address in feedback", () => {
  it.each([
    ["/portal/professional/patients/demo-marie/documents/letter", "/portal/professional/patients/:id/documents/:id"],
    ["/portal/professional/patients/test-patient-01?done=1", "/portal/professional/patients/:id"],
    ["/portal/professional/messages/threads/5f0c", "/portal/professional/messages/threads/:id"],
    ["/portal/professional/messages/new?patient=demo-marie", "/portal/professional/messages/new"],
    ["/portal/patient/rights/new", "/portal/patient/rights/new"],
    ["/portal/patient/rights/8a7b/end", "/portal/patient/rights/:id/end"],
    ["/portal/practice/agenda", "/portal/practice/agenda"],
  ])("%s is kept as %s", (path, kept) => {
    expect(withoutIds(path)).toBe(kept);
  });
});
