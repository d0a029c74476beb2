const firstMs = 1000;
const longestMs = 5 * 60_000;

/** How long to wait after so many failures in a row: twice as long each time, at most five minutes, and a random part of it, so that many do not come back at once. */
export function backoffMs(failures: number, random: () => number = Math.random): number {
  const full = Math.min(firstMs * 2 ** Math.max(0, failures - 1), longestMs);
  return Math.round(full / 2 + (random() * full) / 2);
}
