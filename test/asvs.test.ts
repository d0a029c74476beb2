/** Holds docs/asvs.md to the tests: what it names is there, and no line says nothing. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { checkout } from "./source-files.ts";

interface Line {
  items: string;
  verdict: string;
}

/** A word by which a line may say that no test shows it. */
const reasons = /(^|; )(By design|Not applicable)\b/;
const reference = /`([\w./-]+\.test\.ts)` › "([^"]+)"/g;

/** The lines of the page's tables. */
function readLines(text: string): Line[] {
  return text
    .split("\n")
    .filter((line) => /^\| \d/.test(line))
    .map((line) => {
      const [items = "", , verdict = ""] = line.replace(/^\| | \|$/g, "").split(" | ");
      return { items, verdict };
    });
}

/** What of the tests that a text names is not there. */
function missing(text: string): string[] {
  return [...text.matchAll(reference)].flatMap(([, file = "", name = ""]) => {
    const path = join(checkout, file);
    if (!existsSync(path)) return [`${file} is not there`];
    return readFileSync(path, "utf8").includes(`"${name}"`) ? [] : [`${file} has no test "${name}"`];
  });
}

const page = readFileSync(join(checkout, "docs/asvs.md"), "utf8");
const lines = readLines(page);

describe("docs/asvs.md", () => {
  it("names tests that are there", () => {
    expect(missing(page)).toEqual([]);
    expect(missing('`test/asvs.test.ts` › "no such test, ' + 'surely"; `test/none.test.ts` › "x"')).toHaveLength(2);
  });

  it("says of every item what shows it, or why nothing does", () => {
    expect(lines.length).toBeGreaterThan(100);
    const silent = lines.filter(({ verdict }) => !reasons.test(verdict) && [...verdict.matchAll(reference)].length === 0);
    expect(silent).toEqual([]);
  });

  it("has every chapter of the standard, and each item once", () => {
    const items = lines.flatMap(({ items }) => items.split(", "));
    expect(items.filter((item) => !/^\d{1,2}\.\d{1,2}(\.\d{1,2})?$/.test(item))).toEqual([]);
    expect(new Set(items.map((item) => Number(item.split(".")[0])))).toEqual(new Set(Array.from({ length: 14 }, (_, index) => index + 1)));
    expect(items.filter((item, place) => items.indexOf(item) !== place)).toEqual([]);
  });
});
