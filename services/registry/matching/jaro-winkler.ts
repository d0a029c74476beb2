const prefixMax = 4;
const prefixScale = 0.1;

/** Jaro's similarity with Winkler's bonus for a common beginning (W. E. Winkler, String Comparator Metrics, 1990): 0 to 1. */
export function jaroWinkler(left: string, right: string): number {
  const similarity = jaro(left, right);
  let prefix = 0;
  while (prefix < prefixMax && prefix < left.length && left[prefix] === right[prefix]) prefix++;
  return similarity + prefix * prefixScale * (1 - similarity);
}

function jaro(left: string, right: string): number {
  if (left === right) return 1;
  const window = Math.max(0, Math.floor(Math.max(left.length, right.length) / 2) - 1);
  const taken = new Set<number>();
  const matchedLeft: string[] = [];
  for (let place = 0; place < left.length; place++) {
    for (let other = Math.max(0, place - window); other <= Math.min(right.length - 1, place + window); other++) {
      if (!taken.has(other) && left[place] === right[other]) {
        taken.add(other);
        matchedLeft.push(left[place] ?? "");
        break;
      }
    }
  }
  const matches = matchedLeft.length;
  if (matches === 0) return 0;
  const matchedRight = [...taken].sort((a, b) => a - b).map((place) => right[place] ?? "");
  const transpositions = matchedLeft.filter((letter, place) => letter !== matchedRight[place]).length / 2;
  return (matches / left.length + matches / right.length + (matches - transpositions) / matches) / 3;
}
