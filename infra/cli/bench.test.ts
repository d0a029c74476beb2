import { describe, expect, it } from "vitest";
import { bench, readBenchRequest } from "./bench.ts";
import { parseCommand } from "./command.ts";

const read = (...words: string[]) => {
  const { scenarios, ...rest } = readBenchRequest(parseCommand(bench, words).values);
  return { ...rest, names: scenarios.map(({ name }) => name) };
};

describe("readBenchRequest", () => {
  it("measures everything, both ways to commit, without words", () => {
    expect(read()).toEqual({
      names: ["create", "read", "update", "search", "bundle", "everything", "summary"],
      ...{ seconds: 5, patients: 1_000, commits: ["local", "synchronous"], sizes: undefined },
    });
  });

  it("takes some scenarios, in the order of the words", () => {
    expect(read("--scenario", "search,read", "--commit", "synchronous")).toMatchObject({
      names: ["search", "read"],
      commits: ["synchronous"],
    });
  });

  it("measures the curve with local commit, up to so many patients", () => {
    expect(read("--curve")).toMatchObject({ names: ["read", "search", "everything", "summary"], commits: ["local"] });
    expect(read("--curve").sizes).toEqual([1_000, 10_000, 100_000]);
    expect(read("--curve", "--patients", "10000").sizes).toEqual([1_000, 10_000]);
    expect(read("--curve", "--patients", "500").sizes).toEqual([500]);
  });

  it.each([
    [["--scenario", "serach"], /did you mean "search"/],
    [["--scenario", ""], /unknown scenario/],
    [["--curve", "--scenario", "create"], /scenario for --curve/],
    [["--curve", "--commit", "both"], /local commit/],
    [["--commit", "lokal"], /did you mean "local"/],
    [["--seconds", "0"], /--seconds "0"/],
    [["--seconds", "soon"], /--seconds/],
    [["--patients", "1000001"], /--patients/],
    [["--patients", "1.5"], /--patients/],
  ])("refuses %j", (words, message) => {
    expect(() => read(...words)).toThrow(message);
  });
});
