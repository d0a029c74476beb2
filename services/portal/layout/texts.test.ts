import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { languages } from "../../lib/language.ts";
import type { Text } from "./language.ts";

const root = join(import.meta.dirname, "..");
const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((path) => /(^|[./-])texts\.ts$/.test(path));
const found = (await Promise.all(files.map((file) => import(join(root, file)) as Promise<Record<string, unknown>>))).flatMap(
  (module, place) =>
    Object.values(module)
      .filter((value): value is Record<string, Text> => typeof value === "object" && value !== null)
      .flatMap((texts) => Object.entries(texts).map(([name, text]) => ({ where: `${files[place]}: ${name}`, text }))),
);

describe("texts", () => {
  it("are found", () => {
    expect(found.length).toBeGreaterThan(100);
  });

  it("are there in every language, and fill in the same", () => {
    const holes = (text: string): string => [...text.matchAll(/\{\w+\}/g)].map(String).toSorted().join();
    const wrong = found.filter(({ text }) => {
      const all = languages.map((language) => text[language]);
      return all.some((each) => typeof each !== "string" || each.trim() === "" || holes(each) !== holes(all[0] ?? ""));
    });
    expect(wrong.map(({ where }) => where)).toEqual([]);
  });

  it("of a whole sentence are not one language's in another's place", () => {
    const same = found.filter(({ text }) => text.en.includes(" ") && (text.en === text.fr || text.en === text.de || text.fr === text.de));
    expect(same.map(({ where }) => where)).toEqual([]);
  });
});
