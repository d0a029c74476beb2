/** Whether what the README says can be found: its links lead to files, and each feature to a test that is there. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { checkout } from "./source-files.ts";

const readme = readFileSync(join(checkout, "README.md"), "utf8");
/** What the record must have a shown line for: the features of the shared record, as they are numbered. */
const numbers = ["1", "2", "3", "4", "5", "6", "7", "11"];

function section(title: string): string {
  const [, text = ""] = readme.split(`\n## ${title}\n`);
  return text.split("\n## ")[0] ?? "";
}

/** Rows below the head of the section's table, as cells. */
function rows(title: string): string[][] {
  const lines = section(title).split("\n");
  return lines
    .filter((line) => line.startsWith("| "))
    .slice(1)
    .map((line) => line.split(" | ").map((cell) => cell.replace(/^\| | \|$/g, "")));
}

const linked = (text: string): string[] => [...text.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map(([, path]) => path ?? "");
const isTest = (path: string): boolean => path.endsWith(".test.ts");

/** Titles of suites that a cell names, each with the file behind it: `title` and `title` in [file](path). */
function titlesIn(cell: string): { title: string; path: string }[] {
  return [...cell.matchAll(/((?:`[^`]+`(?: and )?)+) in \[[^\]]*\]\(([^)]+)\)/g)].flatMap(([, titles = "", path = ""]) =>
    [...titles.matchAll(/`([^`]+)`/g)].map(([, title = ""]) => ({ title, path })),
  );
}

const features = rows("What the record does");

describe("the README", () => {
  it("has only links that lead somewhere", () => {
    const wrong = linked(readme).filter((path) => !/^[a-z]+:/.test(path) && !existsSync(join(checkout, path)));
    expect(wrong).toEqual([]);
  });

  it("has a line for each feature of the record", () => {
    expect(features.map(({ length }) => length)).toEqual(features.map(() => 4));
    expect([...new Set(features.map(([number]) => number))]).toEqual(numbers);
  });

  it.each(features.map((cells) => [cells[1]?.slice(0, 70) ?? "", cells.at(-1) ?? ""]))("names a test that shows: %s", (_feature, cell) => {
    const tests = linked(cell).filter(isTest);
    expect(tests).not.toEqual([]);
    expect(tests.filter((path) => !existsSync(join(checkout, path)))).toEqual([]);
    const missing = titlesIn(cell).filter(
      ({ title, path }) => !readFileSync(join(checkout, path), "utf8").includes(`describe(${JSON.stringify(title)}`),
    );
    expect(missing).toEqual([]);
    // A title without a file cannot be looked up.
    expect(cell.match(/`[^`]+`/g)?.length ?? 0).toBe(titlesIn(cell).length);
  });

  const services = rows("What the other services do").map((cells) => [cells[0] ?? "", cells.at(-1) ?? ""] as const);

  it.each(services)("names what shows the service %s", (_name, cell) => {
    const tests = linked(cell).filter((path) => isTest(path) || path.startsWith("test/"));
    expect(tests).not.toEqual([]);
  });
});
