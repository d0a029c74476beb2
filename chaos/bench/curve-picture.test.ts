import { describe, expect, it } from "vitest";
import { drawCurve, logPlace, stepFor } from "./curve-picture.ts";
import { madeFigures } from "./testing/made-figures.ts";

const sizes = [1_000, 10_000, 100_000];
const points = sizes.map((patients) => ({ patients, scenarios: [madeFigures("read"), madeFigures("search")] }));

describe("the axes", () => {
  it("give each tenfold of patients the same length", () => {
    expect(sizes.map((size) => logPlace(size, 1_000, 100_000))).toEqual([0, 0.5, 1]);
    expect(logPlace(50, 50, 50)).toBe(0.5);
  });

  it.each([
    [4, 1],
    [5, 1],
    [7, 2],
    [23, 5],
    [0.09, 0.02],
    [1_000, 200],
  ])("step to %s by %s", (value, step) => {
    expect(stepFor(value)).toBeCloseTo(step, 10);
  });
});

describe("drawCurve", () => {
  const picture = drawCurve(points, "Cost & time") ?? "";

  it("is one well-formed picture", () => {
    expect(picture).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"/);
    const opened = [...picture.matchAll(/<(\w+)\b[^>]*?(\/?)>/g)].filter(([, , closed]) => closed === "").map(([, name]) => name);
    const closed = [...picture.matchAll(/<\/(\w+)>/g)].map(([, name]) => name);
    expect(closed.toSorted()).toEqual(opened.toSorted());
    expect(picture).toContain("<title>Cost &amp; time</title>");
    expect(picture).not.toMatch(/NaN|Infinity|undefined/);
  });

  it("names its axes with their units, the sizes and the scenarios", () => {
    for (const label of ["CPU per request (ms)", "p50 (ms)", "patients (logarithmic)", "1,000", "10,000", "100,000", "read", "search"])
      expect(picture).toContain(`>${label}<`);
  });

  it("draws a line for each scenario in each panel, flat where the cost is", () => {
    const lines = [...picture.matchAll(/<polyline points="([^"]+)"/g)].map(([, text]) => text?.split(" ") ?? []);
    expect(lines.map((line) => line.length)).toEqual([3, 3, 3, 3]);
    for (const line of lines) expect(new Set(line.map((place) => place.split(",")[1])).size).toBe(1);
  });

  it("draws what grows as growing, and leaves out what was not measured", () => {
    const grown = sizes.map((patients, index) => {
      const { open } = madeFigures("read");
      return { patients, scenarios: index === 2 ? [] : [madeFigures("read", { open: { ...open, p50Ms: 10 * (index + 1) } })] };
    });
    const lines = [...(drawCurve(grown, "") ?? "").matchAll(/<polyline points="([^"]+)"/g)].map(([, text]) => text?.split(" ") ?? []);
    const heights = lines[1]?.map((place) => Number(place.split(",")[1])) ?? [];
    expect(heights).toHaveLength(2);
    expect(heights[1]).toBeLessThan(heights[0] ?? 0);
  });

  it("is none where nothing was measured", () => {
    expect(drawCurve([{ patients: 1_000, scenarios: [] }], "")).toBeUndefined();
  });
});
