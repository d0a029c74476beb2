import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { followFile, parseLine } from "./history-file.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "dsp-history-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it("gives each line once it is whole, though it was written in pieces in the middle of a character", () => {
  const file = join(folder, "k6.ndjson");
  const lines: string[] = [];
  const follower = followFile(file, (line) => lines.push(line));
  const bytes = Buffer.from("first\nsécond\nthird");
  const middle = bytes.indexOf(0xc3) + 1;
  for (const piece of [bytes.subarray(0, middle), bytes.subarray(middle), Buffer.from("\n")]) {
    appendFileSync(file, piece);
    follower.read();
  }
  follower.close();
  expect(lines).toEqual(["first", "sécond", "third"]);
});

it("tells operations from those that were skipped, and from anything else", () => {
  const operation = { n: 1, kind: "read", dueMs: 1, startMs: 1, endMs: 2, outcome: "ok", status: 200, attempts: 1 };
  expect(parseLine(JSON.stringify(operation))).toEqual(operation);
  expect(parseLine('{"n":2,"dueMs":3,"skipped":true}')).toEqual({ n: 2, dueMs: 3, skipped: true });
  expect(() => parseLine("GoError: something")).toThrow();
  expect(() => parseLine('{"n":2}')).toThrow();
});
