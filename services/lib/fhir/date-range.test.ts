import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dateRange } from "./date-range.ts";

describe("dateRange", () => {
  it.each([
    ["2024", "2024-01-01T00:00:00.000Z", "2024-12-31T23:59:59.999Z"],
    ["2024-02", "2024-02-01T00:00:00.000Z", "2024-02-29T23:59:59.999Z"],
    ["2023-12-31", "2023-12-31T00:00:00.000Z", "2023-12-31T23:59:59.999Z"],
    ["2024-05-01T10:00", "2024-05-01T10:00:00.000Z", "2024-05-01T10:00:59.999Z"],
    ["2024-05-01T10:00:07+02:00", "2024-05-01T08:00:07.000Z", "2024-05-01T08:00:07.999Z"],
    ["2024-05-01T10:00:07.25Z", "2024-05-01T10:00:07.250Z", "2024-05-01T10:00:07.250Z"],
  ])("%s", (text, low, high) => {
    expect(dateRange(text)).toEqual({ low, high });
  });

  it.each(["", "yesterday", "24", "2024-13", "2023-02-29", "2024-00-01", "2024-01-01T25:00:00Z", "0000", "2024-1-1"])(
    "is no date: %s",
    (text) => {
      expect(dateRange(text)).toBeUndefined();
    },
  );

  it("never throws, and begins before it ends", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.stringMatching(/^\d{4}(-\d\d(-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,4})?)?(Z|[+-]\d\d:\d\d)?)?)?)?$/)),
        (text) => {
          const range = dateRange(text);
          return range === undefined || range.low <= range.high;
        },
      ),
    );
  });
});
