import { colognePhonetics } from "./cologne-phonetics.ts";
import { nameParts } from "./fold-name.ts";
import { givenNameGroup } from "./given-names.ts";
import type { PersonFeatures } from "./person-features.ts";

const keysMax = 60;

/**
 * The keys under which a record is filed, so that only records that share one are ever compared: a number, or two of family name, given name and birth date,
 * names by sound and without regard to their order. Two records of one person share none only when more than one of these is wrong in both.
 */
export function blockingKeys(features: PersonFeatures): string[] {
  const { birthDate } = features;
  const families = soundsOf(features.families.flatMap(nameParts));
  const givens = soundsOf(features.givens.map(givenNameGroup));
  const keys = [...features.nationalNumbers.map((value) => `n|${value}`), ...features.identifiers.map((value) => `i|${value}`)];
  if (birthDate !== undefined) {
    keys.push(...[...families, ...givens].map((sound) => `d|${sound}|${birthDate}`));
  }
  for (const family of families) {
    for (const given of givens) {
      const pair = [family, given].sort().join("|");
      // The year covers a day and a month that changed places, the day a year mistyped.
      keys.push(`y|${pair}|${birthDate?.slice(0, 4) ?? ""}`);
      if (birthDate !== undefined) keys.push(`m|${pair}|${birthDate.slice(5)}`);
    }
  }
  return [...new Set(keys)].slice(0, keysMax);
}

/** A group of given names stands for itself; so does what has no sound worth the name. */
function soundsOf(names: readonly string[]): string[] {
  const sounds = names.map((name) => {
    const code = name.startsWith("#") ? name : colognePhonetics(name);
    return code.length > 1 ? code : name;
  });
  return [...new Set(sounds)].slice(0, 6);
}
