import type { Language } from "../lib/national-number.ts";

/** The languages of words for people; the first is the one for everybody else. */
export const languages = ["en", "fr", "de"] as const satisfies readonly Language[];

/** The language that an Accept-Language header (RFC 9110, 12.5.4) likes best, regions left aside. */
export function preferredLanguage(header: string | undefined): Language {
  const wanted = (header ?? "").split(",").flatMap((part) => {
    const [range = "", ...parameters] = part
      .trim()
      .toLowerCase()
      .split(/\s*;\s*/);
    const weight = Number(parameters.find((each) => each.startsWith("q="))?.slice(2) ?? 1);
    const language = languages.find((each) => each === range.split("-")[0]);
    return language && weight > 0 ? [{ language, weight }] : [];
  });
  return wanted.toSorted((a, b) => b.weight - a.weight)[0]?.language ?? languages[0];
}
