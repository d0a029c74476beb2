import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DefinitionFile, writeIndex } from "./definition-file.ts";

/** In the published layout. */
const bundleOf = (...ids: string[]): string =>
  `{\n  "resourceType" : "Bundle",\n  "entry" : [${ids
    .map((id) => `{\n    "fullUrl" : "http://example.org/${id}",\n    "resource" : { "resourceType" : "ValueSet", "id" : "${id}" }\n  }`)
    .join(",\n  ")}]\n}\n`;

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "dsp-definitions-"));
  path = join(folder, "valuesets.json");
});

afterEach(() => rm(folder, { recursive: true, force: true }));

describe("a file of definitions", () => {
  it("is read an entry at a time, with and without its index", async () => {
    await writeFile(path, bundleOf("one", "two"));
    for (const prepare of [() => {}, () => writeIndex(path)]) {
      prepare();
      const file = new DefinitionFile(path);
      expect(file.urls()).toEqual(["http://example.org/one", "http://example.org/two"]);
      expect(file.read("http://example.org/two")).toEqual({ resourceType: "ValueSet", id: "two" });
      expect(file.read("http://example.org/three")).toBeUndefined();
    }
  });

  it("is not opened by the index of another one", async () => {
    await writeFile(path, bundleOf("one"));
    writeIndex(path);
    await writeFile(path, bundleOf("other", "two"));
    expect(new DefinitionFile(path).read("http://example.org/two")).toEqual({ resourceType: "ValueSet", id: "two" });
  });

  it("is opened by its index without being read", async () => {
    await writeFile(path, bundleOf("one", "two"));
    writeIndex(path);
    await writeFile(path, bundleOf("one", "six"));
    expect(new DefinitionFile(path).urls()).toContain("http://example.org/two");
  });

  it("of another layout is refused, and gets no index", async () => {
    await writeFile(path, JSON.stringify(JSON.parse(bundleOf("one"))));
    expect(() => new DefinitionFile(path)).toThrow(/not a Bundle in the published layout/);
    expect(() => writeIndex(path)).toThrow(/not a Bundle in the published layout/);
  });
});
