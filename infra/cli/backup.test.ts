import { describe, expect, it } from "vitest";
import { backup, showRuns } from "./backup.ts";
import { UsageError } from "./command.ts";

const run = {
  site: "site-a",
  name: "2026-01-02T03-04-05Z",
  startedAt: "2026-01-02T03:04:05+00:00",
  endedAt: "2026-01-02T03:04:25.5+00:00",
  bytes: 150 * 1024 * 1024,
  tables: 41,
};

describe("showRuns", () => {
  it("has a line for each, and says what to do where there is none", () => {
    expect(showRuns([run, { ...run, site: "site-b" }])).toMatch(
      /^site-a +2026-01-02T03-04-05Z +150\.0 MiB +41 tables +taken and tried in 21 s\nsite-b .*\n$/,
    );
    expect(showRuns([])).toContain("./dsp backup now");
  });
});

describe("./dsp backup", () => {
  it.each([[[]], [["take"]], [["fetch"]], [["list", "folder"]]])("refuses %j before it asks anybody", async (words) => {
    await expect(backup.run({}, words, [])).rejects.toThrow(UsageError);
  });
});
