import { describe, expect, it } from "vitest";
import type { Sighting } from "../check.ts";
import { splitBrain } from "./split-brain.ts";
import { fault, hot, input, storedOf, wrote } from "./testing/made-history.ts";

const history = [wrote(0, 1), wrote(1, 2)];
const seen = (atMs: number, ...holders: string[]): Sighting[] => holders.map((holder) => ({ atMs, role: "postgres-primary", holder }));

describe("split brain", () => {
  it("is not there when one primary follows the other", () => {
    const sightings = [...seen(1_000, "pg-1"), { atMs: 2_000, role: "postgres-primary" as const, holder: null }, ...seen(3_000, "pg-2")];
    expect(splitBrain.judge(input(history, { sightings }))).toMatchObject({ verdict: "valid", findings: [] });
  });

  it("is two acknowledgements of one version", () => {
    const { verdict, findings } = splitBrain.judge(input([...history, wrote(2, 2)]));
    expect(verdict).toBe("invalid");
    expect(findings[0]).toBe(`${hot} version 2 was acknowledged 2 times: update 1 and update 2`);
  });

  it("is two instances with different values as one version", () => {
    const other = storedOf([wrote(0, 1), wrote(9, 2)]);
    const result = splitBrain.judge(
      input(history, { aftermath: { stores: { "pg-1": storedOf(history), "pg-2": other }, auditEvents: [] } }),
    );
    expect(result.findings).toEqual([`${hot} version 2 is "run-1" in pg-1 and "run-9" in pg-2`]);
  });

  it("is two that call themselves primary while no fault explains it, PostgreSQL's or Redis'", () => {
    const sightings = seen(70_000, "pg-1", "pg-2");
    expect(splitBrain.judge(input(history, { sightings })).verdict).toBe("invalid");
    expect(splitBrain.judge(input(history, { sightings, faults: [fault(5_000, 20_000)] })).verdict).toBe("invalid");
    const redis = sightings.map((sighting) => ({ ...sighting, role: "redis-primary" as const }));
    expect(splitBrain.judge(input(history, { sightings: redis })).verdict).toBe("invalid");
  });

  it("is not an instance that was cut off and cannot know yet: what it acknowledged is told by the history", () => {
    const sightings = seen(21_000, "pg-1", "pg-2");
    const result = splitBrain.judge(input(history, { sightings, faults: [fault(5_000, 20_000)] }));
    expect(result).toMatchObject({ verdict: "valid", figures: { twoSeenTimes: 1, twoSeenUndulyTimes: 0 } });
    expect(splitBrain.judge(input([...history, wrote(2, 2)], { sightings, faults: [fault(5_000, 20_000)] })).verdict).toBe("invalid");
  });

  it("does not take two roles, or two moments, for two primaries", () => {
    const sightings: Sighting[] = [
      ...seen(70_000, "pg-1"),
      { atMs: 70_000, role: "redis-primary", holder: "redis-0" },
      ...seen(72_000, "pg-2"),
    ];
    expect(splitBrain.judge(input(history, { sightings })).verdict).toBe("valid");
  });
});
