import { describe, expect, it } from "vitest";
import { dayAfter, instantOf, localDay, localTime } from "./local-day.ts";

describe("a day here", () => {
  it("is another one than in UTC late in the evening", () => {
    expect([localDay(new Date("2026-06-30T22:30:00Z")), localDay(new Date("2026-12-31T22:30:00Z"))]).toEqual(["2026-07-01", "2026-12-31"]);
  });

  it("has its times in summer and in winter", () => {
    expect([instantOf("2026-07-01", "09:05"), instantOf("2026-12-01", "09:05")]).toEqual([
      "2026-07-01T07:05:00.000Z",
      "2026-12-01T08:05:00.000Z",
    ]);
    expect(localTime(instantOf("2026-03-29", "14:30"))).toBe("14:30");
  });

  it("is followed by the next, over a change of the clock and of the year", () => {
    expect([dayAfter("2026-10-24", 1), dayAfter("2026-10-25", 1), dayAfter("2026-12-31", 1), dayAfter("2026-03-01", -1)]).toEqual([
      ...["2026-10-25", "2026-10-26", "2027-01-01", "2026-02-28"],
    ]);
  });
});
