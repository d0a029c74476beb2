import { isLanguage, type Language } from "../../lib/language.ts";

/** In the order in which they are offered. */
export const languages = ["fr", "de", "en"] as const satisfies readonly Language[];

/** The first language that is spoken here, of BCP 47 tags in the order of preference: `ui_locales`, or of Accept-Language with weights. */
export function chooseLanguage(...wishes: readonly (string | undefined)[]): Language {
  for (const wish of wishes) {
    const tags = (wish ?? "")
      .split(/[\s,]+/)
      .map((part) => {
        const [tag = "", weight] = part.split(";q=");
        return { language: tag.trim().slice(0, 2).toLowerCase(), weight: Number(weight ?? 1) };
      })
      .filter(({ weight }) => weight > 0)
      .sort((a, b) => b.weight - a.weight);
    for (const { language } of tags) if (isLanguage(language)) return language;
  }
  return "fr";
}
