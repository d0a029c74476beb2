import { describe, expect, it } from "vitest";
import { weaknesses as settings } from "../infra/weakness.ts";
import { allDrills } from "./drills/catalogue.ts";
import type { DrillOutcome } from "./run/outcome.ts";
import { judgeWeakness, type Weakness, weaknesses } from "./weaknesses.ts";

const weakness: Weakness = { name: "no-hold", title: "", drill: "primary-pod-kill", caughtBy: "availability" };

function outcome(changes: Partial<DrillOutcome>): DrillOutcome {
  return {
    ...{ name: "primary-pod-kill", run: 1, verdict: "invalid", reasons: [], checks: [], stallMs: 1, failed: 1, lost: 0, doubled: 0 },
    ...{ elements: [], unhealed: [], folder: "", startedMs: 0, endedMs: 1 },
    ...changes,
  };
}

function check(name: string, verdict: "valid" | "invalid" | "unknown") {
  return { name, title: name, verdict, figures: {}, findings: verdict === "valid" ? [] : [`${name} found it`] };
}

describe("the weaknesses", () => {
  it("are those that a stack can be given", () => {
    expect(weaknesses.map(({ name }) => name).toSorted()).toEqual([...settings].toSorted());
  });

  it("each name a drill that there is, and one of its checks", () => {
    for (const { name, drill, caughtBy } of weaknesses) {
      const checks = allDrills.find((candidate) => candidate.name === drill)?.checks.map((each) => each.name);
      expect(checks, name).toContain(caughtBy);
    }
  });
});

describe("judgeWeakness", () => {
  it("counts what the right check found", () => {
    const result = judgeWeakness(weakness, outcome({ checks: [check("stall", "valid"), check("availability", "invalid")] }));
    expect(result).toMatchObject({ caught: true, why: "availability found it" });
  });

  it.each([
    ["another check alone", outcome({ checks: [check("stall", "invalid"), check("availability", "valid")] })],
    ["a check that could not judge", outcome({ checks: [check("availability", "unknown")] })],
    ["a drill that never came to its checks", outcome({ verdict: "not run", reasons: ["the platform was not whole"] })],
    ["no drill", undefined],
  ])("does not count %s", (_, seen) => {
    expect(judgeWeakness(weakness, seen).caught).toBe(false);
  });
});
