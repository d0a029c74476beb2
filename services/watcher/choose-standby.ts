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
        Number((right.examined.flushed ?? 0n) - (left.examined.flushed ?? 0n)) ||
        Number(right.member.name === options.named) - Number(left.member.name === options.named) ||
        Number(left.member.site === options.witnessSite) - Number(right.member.site === options.witnessSite) ||
        (left.member.name < right.member.name ? -1 : 1),
    )[0];
}
