/** Letters that Unicode does not take apart into a base letter and a mark. */
const letters: Record<string, string> = { ß: "ss", æ: "ae", œ: "oe", ø: "o", ł: "l", đ: "d", ð: "d", þ: "th", ı: "i" };

/**
 * One spelling for the ways a name is written: lower case, without marks, ß as ss; and ä, ae and a alike, as ö and ü, because Müller is Mueller to one
 * keyboard and Muller to another. Words stay apart by single spaces.
 */
export function foldName(text: string): string {
  return text
    .toLowerCase()
    .replace(/[ßæœøłđðþı]/g, (letter) => letters[letter] ?? letter)
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim()
    .replace(/([aou])e/g, "$1")
    .slice(0, 200);
}

/** The name written as one word: a hyphen, a space or an apostrophe makes no difference. */
export function joinedName(text: string): string {
  return foldName(text).replaceAll(" ", "");
}

/** Parts by which nobody is told from anybody. `test` marks the synthetic people. */
const particles = new Set(
  [
    "de",
    "du",
    "des",
    "da",
    "di",
    "del",
    "della",
    "dos",
    "la",
    "le",
    "les",
    "l",
    "d",
    "van",
    "von",
    "vom",
    "zu",
    "zum",
    "den",
    "der",
    "el",
    "al",
    "test",
  ].map(foldName),
);

/** The parts of a double name that can stand for the whole: `Weber-Klein` is at times just `Weber`. The whole name when nothing is left. */
export function nameParts(text: string): string[] {
  const folded = foldName(text);
  const parts = folded.split(" ").filter((part) => part.length > 1 && !particles.has(part));
  return parts.length > 0 ? [...new Set(parts)] : [folded.replaceAll(" ", "")].filter(Boolean);
}

/** The significant parts as one word: `Test-Weber` and `von Weber` are compared as `weber`. */
export function significantName(text: string): string {
  return nameParts(text).join("");
}
