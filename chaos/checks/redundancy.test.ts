import { expect, it } from "vitest";
import { redundancy } from "./redundancy.ts";
import { fault, input } from "./testing/made-history.ts";

it("tells how long the platform took, from the last healing and from the first fault", () => {
  const faults = [fault(10_000, 20_000), fault(15_000, 30_000)];
  const result = redundancy.judge(input([], { faults, redundantMs: 45_000 }));
  expect(result).toEqual({ verdict: "valid", figures: { redundantAfterHealMs: 15_000, redundantAfterFaultMs: 35_000 }, findings: [] });
});

it("is invalid when it was not whole in time", () => {
  const result = redundancy.judge(input([], { faults: [fault(10_000, undefined)], redundantMs: undefined, endMs: 70_000 }));
  expect(result.verdict).toBe("invalid");
  expect(result.findings[0]).toContain("the drill ended 60 s after the last fault was over");
});
