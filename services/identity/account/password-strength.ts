import type { ZxcvbnFactory } from "@zxcvbn-ts/core";

/** In characters. OWASP ASVS 2.1.1 and 2.1.2. */
const passwordLength = { min: 12, max: 128 };

/** zxcvbn's scale from 0 to 4: below 3 a password falls to somebody who has stolen its slow hash. */
const scoreMin = 3;

let loading: Promise<ZxcvbnFactory> | undefined;

/** The list of leaked passwords takes time and memory; a pod in which nobody chooses a password does without. */
async function load(): Promise<ZxcvbnFactory> {
  const [{ ZxcvbnFactory }, { adjacencyGraphs, dictionary }] = await Promise.all([
    import("@zxcvbn-ts/core"),
    import("@zxcvbn-ts/language-common"),
  ]);
  return new ZxcvbnFactory({ dictionary, graphs: adjacencyGraphs });
}

/**
 * Whether a password is among those that are tried first: leaked ones, rows of keys, repetitions, dates, and what everybody knows of
 * the person. @param known words of the person and the place
 */
export async function isEasilyGuessed(password: string, known: readonly string[]): Promise<boolean> {
  loading ??= load();
  const words = known.flatMap((text) => text.toLowerCase().split(/[^\p{L}\p{N}]+/u)).filter((word) => word.length > 2);
  return (await loading).check(password, words).score < scoreMin;
}

/** Why somebody may not have this password; undefined: they may. */
export async function passwordFault(
  { login, name }: { login: string; name: string },
  wanted: string,
): Promise<"weakPassword" | "guessedPassword" | undefined> {
  if (wanted.length < passwordLength.min || wanted.length > passwordLength.max || wanted.toLowerCase().includes(login))
    return "weakPassword";
  return (await isEasilyGuessed(wanted, [login, name])) ? "guessedPassword" : undefined;
}
