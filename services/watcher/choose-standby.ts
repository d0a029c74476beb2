import type { Examined, Member } from "./instances.ts";

export interface Candidate {
  readonly member: Member;
  readonly examined: Examined;
}

/**
 * The fenced standby to promote: the one whose WAL goes furthest, of those on the old primary's timeline. Ties: the one that the
 * operator names, then not the witness, then by name. Undefined when none followed the old primary.
 */
export function chooseStandby<C extends Candidate>(
  candidates: readonly C[],
  options: { timeline: number; named: string; witnessSite: string },
): C | undefined {
  return candidates
    .filter(({ examined }) => examined.timeline === options.timeline)
    .toSorted(
      (left, right) =>
        compare(right.examined.flushed, left.examined.flushed) ||
        Number(right.member.name === options.named) - Number(left.member.name === options.named) ||
        Number(left.member.site === options.witnessSite) - Number(right.member.site === options.witnessSite) ||
        (left.member.name < right.member.name ? -1 : 1),
    )[0];
}

function compare(left = 0n, right = 0n): number {
  return left < right ? -1 : Number(left > right);
}
