/** The time of day of a finding, UTC: `00:16:43.000` @param ms since 1970 */
export function timeOf(ms: number): string {
  return new Date(ms).toISOString().slice(11, 23);
}
