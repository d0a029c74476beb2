/** Codes by letter; those that depend on their neighbours are in `contextual`. */
const plain: Record<string, string> = {
  ...{ a: "0", e: "0", i: "0", j: "0", o: "0", u: "0", y: "0" },
  ...{ b: "1", f: "3", v: "3", w: "3", g: "4", k: "4", q: "4", l: "5", m: "6", n: "6", r: "7", s: "8", z: "8" },
};

const hardCInitial = new Set("ahkloqrux");
const hardC = new Set("ahkoqux");

/**
 * The Cologne phonetics of a word (H. J. Postel, Die Kölner Phonetik, IBM-Nachrichten 19, 1969): words that sound alike in German have the same
 * digits. Letters outside a to z have no code; fold the word first (`foldName`).
 */
export function colognePhonetics(word: string): string {
  const letters = [...word.toLowerCase()].filter((letter) => letter >= "a" && letter <= "z");
  const codes = letters.map((letter, place) => codeOf(letter, letters[place - 1] ?? "", letters[place + 1] ?? "", place === 0)).join("");
  const single = codes.replace(/(\d)\1+/g, "$1");
  return single.slice(0, 1) + single.slice(1).replaceAll("0", "");
}

function codeOf(letter: string, before: string, after: string, initial: boolean): string {
  switch (letter) {
    case "h":
      return "";
    case "p":
      return after === "h" ? "3" : "1";
    case "d":
    case "t":
      return after !== "" && "csz".includes(after) ? "8" : "2";
    case "x":
      return before !== "" && "ckq".includes(before) ? "8" : "48";
    case "c":
      if (initial) return hardCInitial.has(after) ? "4" : "8";
      return hardC.has(after) && before !== "s" && before !== "z" ? "4" : "8";
    default:
      return plain[letter] ?? "";
  }
}
