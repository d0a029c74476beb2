/** The languages that patients are written to in; the first is the one for everybody else. */
export const languages = ["en", "fr", "de"] as const;
export type Language = (typeof languages)[number];

export function isLanguage(text: string | undefined): text is Language {
  return languages.some((language) => language === text);
}

/** The language that an Accept-Language header (RFC 9110, 12.5.4) likes best, regions left aside. */
export function preferredLanguage(header: string | undefined): Language {
  const wanted = (header ?? "").split(",").map((part) => {
    const [range = "", ...parameters] = part
      .trim()
      .toLowerCase()
      .split(/\s*;\s*/);
    const weight = Number(parameters.find((each) => each.startsWith("q="))?.slice(2) ?? 1);
    return { language: languages.find((each) => each === range.split("-")[0]), weight };
  });
  const best = wanted.filter(({ language, weight }) => language !== undefined && weight > 0).toSorted((a, b) => b.weight - a.weight)[0];
  return best?.language ?? languages[0];
}
