import { describe, expect, it } from "vitest";
import { StatementNames } from "./statement-names.ts";

describe("names of statements", () => {
  it("are given once a text has been asked often, and stay the same", () => {
    const names = new StatementNames("search", { uses: 3 });
    expect(["a", "a", "b", "a", "a", "b", "b"].map((text) => names.of(text))).toEqual([
      ...[undefined, undefined, undefined, "search-0", "search-0"],
      ...[undefined, "search-1"],
    ]);
  });

  it("are no more than a connection is to keep plans of", () => {
    const names = new StatementNames("search", { uses: 1, names: 2 });
    expect(["a", "b", "c", "a"].map((text) => names.of(text))).toEqual(["search-0", "search-1", undefined, "search-0"]);
  });

  it("are not given for texts that are asked once each, however many", () => {
    const names = new StatementNames("search", { uses: 2, texts: 3 });
    expect(Array.from({ length: 10 }, (_, number) => names.of(`text ${number}`))).toEqual(Array(10).fill(undefined));
    expect(["text 9", "text 0"].map((text) => names.of(text))).toEqual(["search-0", undefined]);
  });
});
