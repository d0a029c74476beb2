import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { openJournal, readJournal } from "./journal.ts";

const folder = mkdtempSync(join(tmpdir(), "dsp-journal-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the journal", () => {
  it("holds each line as soon as it is written, in order", () => {
    const file = join(folder, "a/b/journal.ndjson");
    const journal = openJournal(file);
    journal.write({ entry: "phase", phase: "steady" }, 1);
    expect(readFileSync(file, "utf8")).toBe('{"atMs":1,"entry":"phase","phase":"steady"}\n');
    journal.write({ entry: "fault", fault: 0, name: "node-kill", event: "aimed", what: "node-1", elements: ["node/node-1"] }, 2);
    journal.write({ entry: "log", text: "a line" }, 3);
    expect(readJournal(file).map(({ atMs, entry }) => [atMs, entry])).toEqual([
      [1, "phase"],
      [2, "fault"],
      [3, "log"],
    ]);
    journal.close();
  });

  it("is read although its runner died in the middle of a line", () => {
    const file = join(folder, "cut.ndjson");
    const journal = openJournal(file);
    journal.write({ entry: "log", text: "whole" }, 1);
    journal.close();
    appendFileSync(file, '{"atMs":2,"entry":"lo');
    expect(readJournal(file)).toEqual([{ atMs: 1, entry: "log", text: "whole" }]);
  });

  it("says which line is none", () => {
    const file = join(folder, "broken.ndjson");
    appendFileSync(file, '{"atMs":1,"entry":"log","text":"a"}\n{"atMs":2,"entry":"nonsense"}\n');
    expect(() => readJournal(file)).toThrow(/broken\.ndjson:2 is no line of a journal/);
  });

  it("writes nothing after it is closed, and still tells", () => {
    const told: string[] = [];
    const file = join(folder, "closed.ndjson");
    const journal = openJournal(file, ({ entry }) => told.push(entry));
    journal.close();
    journal.write({ entry: "log", text: "late" });
    expect(readJournal(file)).toEqual([]);
    expect(told).toEqual(["log"]);
  });
});
