import { describe, expect, it } from "vitest";
import { compareWithPeer } from "./measure.ts";
import { commitRows, curveRows, formatFigure, markdownTable, textTable } from "./table.ts";
import { madeFigures } from "./testing/made-figures.ts";

describe("formatFigure", () => {
  it.each([
    [1_930.4, "1,930"],
    [100, "100"],
    [41.23, "41.2"],
    [0.834, "0.83"],
    [0, "0.00"],
    [null, "–"],
    [undefined, "–"],
    [Number.NaN, "–"],
  ])("writes %s as %s", (value, text) => {
    expect(formatFigure(value)).toBe(text);
  });
});

describe("commitRows", () => {
  it("compares with the peer, and marks the goal where it is reached", () => {
    const [, reached, missed, alone] = commitRows([
      madeFigures("create"),
      madeFigures("read", { comparison: compareWithPeer(100, 50) }),
      madeFigures("summary", { comparison: null }),
    ]);
    expect(reached?.slice(0, 4)).toEqual(["create", "100 requests", "25.0", "4.00× ✓"]);
    expect(missed?.[3]).toBe("2.00×");
    expect(alone?.slice(2, 4)).toEqual(["–", "–"]);
  });

  it("counts resources where a request writes several", () => {
    expect(commitRows([madeFigures("bundle", { resources: 50, unitsPerSecond: 2_600 })])[1]?.[1]).toBe("2,600 resources");
  });

  it("has as many cells in each row as in the first", () => {
    const tables = [
      commitRows([madeFigures("create"), madeFigures("summary")]),
      curveRows([{ patients: 1_000, scenarios: [madeFigures("read")] }]),
    ];
    for (const rows of tables) expect(new Set(rows.map((row) => row.length)).size).toBe(1);
  });
});

describe("curveRows", () => {
  it("keeps the sizes of a scenario together", () => {
    const points = [1_000, 10_000].map((patients) => ({ patients, scenarios: [madeFigures("read"), madeFigures("search")] }));
    expect(curveRows(points).map(([name, patients]) => `${name} ${patients}`)).toEqual([
      ...["scenario patients", "read 1,000", "read 10,000", "search 1,000", "search 10,000"],
    ]);
  });
});

describe("tables", () => {
  const rows = [
    ["name", "a second"],
    ["create", "5"],
    ["a|b", "1,000"],
  ];

  it("puts columns under each other", () => {
    expect(textTable(rows)).toBe("name    a second\ncreate         5\na|b        1,000\n");
  });

  it("are Markdown too", () => {
    expect(markdownTable(rows)).toBe("| name | a second |\n| --- | ---: |\n| create | 5 |\n| a\\|b | 1,000 |\n");
  });
});
