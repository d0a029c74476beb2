import { describe, expect, it } from "vitest";
import { type Command, editDistance, helpText, nearest, parseCommand, UsageError } from "./command.ts";

const sample: Command = {
  description: "Does something.",
  positionals: { usage: "[layer]", description: "which", choices: ["fast", "lab"], max: 1 },
  passthrough: true,
  options: {
    artifacts: { type: "string", choices: ["auto", "packages"], description: "where from" },
    json: { type: "boolean", description: "as JSON" },
  },
  examples: ["./dsp sample"],
  run: async () => 0,
};

describe("parseCommand", () => {
  it("reads options, words and what comes after --", () => {
    const parsed = parseCommand(sample, ["fast", "--artifacts", "packages", "--json", "--", "kubectl", "--json"]);
    expect(parsed.values).toMatchObject({ artifacts: "packages", json: true });
    expect(parsed.words).toEqual(["fast"]);
    expect(parsed.passed).toEqual(["kubectl", "--json"]);
  });

  it.each([
    [["--jsn"], "unknown option --jsn; did you mean --json?"],
    [["--zzzzzzzz"], "unknown option --zzzzzzzz; there are: --artifacts, --json, --help"],
    [["--artifacts", "package"], 'unknown value for --artifacts "package"; did you mean "packages"?'],
    [["fasst"], 'unknown word "fasst"; did you mean "fast"?'],
    [["fast", "lab"], 'unexpected word "lab"'],
    [["--artifacts"], /--artifacts/],
    [["--json=yes"], /--json/],
  ])("says in one line what is wrong with %j", (args, message) => {
    expect(() => parseCommand(sample, args)).toThrow(UsageError);
    expect(() => parseCommand(sample, args)).toThrow(message);
    try {
      parseCommand(sample, args);
    } catch (failure) {
      expect((failure as Error).message).not.toContain("\n");
    }
  });

  it("lets --help pass whatever else is wrong with the values", () => {
    expect(parseCommand(sample, ["--help", "--artifacts", "nonsense"]).values.help).toBe(true);
  });
});

describe("nearest", () => {
  it("finds a mistyped word and nothing for a far one", () => {
    expect(nearest("statsu", ["up", "status", "down"])).toBe("status");
    expect(nearest("dwon", ["up", "status", "down"])).toBe("down");
    expect(nearest("quarterly", ["up", "status", "down"])).toBeUndefined();
  });

  it("counts a swap as one edit", () => {
    expect(editDistance("ab", "ba")).toBe(1);
    expect(editDistance("", "abc")).toBe(3);
    expect(editDistance("same", "same")).toBe(0);
  });
});

describe("helpText", () => {
  it("names every option", () => {
    expect(helpText("sample", sample)).toMatch(/--artifacts auto\|packages[\s\S]*--json[\s\S]*--help/);
  });
});
