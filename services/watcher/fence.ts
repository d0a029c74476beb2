/**
 * Fencing: a standby's WAL receiver is taken away from the primary, and only then is read how far its WAL goes. Of N standbys with
 * commits that wait for W of them, N - W + 1 fenced ones hold between them every commit that was ever acknowledged, and the primary,
 * alive or not, can never gather W acknowledgements again. No clock, lease or vote is needed for that.
 */
import { sleep, within } from "./clock.ts";
import { fenceMarker, followedPrimary, followedTimeline, parseFence } from "./conninfo.ts";
import type { Control, Examined, Member } from "./instances.ts";
import type { Parts } from "./parts.ts";

export interface Target {
  readonly member: Member;
  /** By the instance's own clock: when the vote no longer binds the others, so that a watcher that slept changes nothing late. */
  readonly expiresClockMs: number;
}

export interface FencedStandby extends Target {
  readonly control: Control;
  /** primary_conninfo as it was, and the operator's own. */
  readonly before: string;
  readonly base: string;
  /** The highest timeline it had WAL of. */
  readonly timeline: number;
}

/** How many of `instances - 1` standbys must be fenced. */
export function fencesNeeded(instances: number, synchronousStandbys: number): number {
  return instances - 1 - synchronousStandbys + 1;
}

/** @param ready the session to do it in. @throws when it cannot be fenced, or not within its time; the mark is taken back then, and the session closed */
export async function fenceStandby(
  parts: Parts,
  target: Target,
  fence: { term: number; site: string; timeline: number; against: string },
  ready?: Control,
): Promise<FencedStandby> {
  const { member, expiresClockMs } = target;
  const marker = fenceMarker(fence);
  const control = ready ?? (await parts.instances.open(member));
  let fenced: FencedStandby | undefined;
  try {
    const seen = await control.examine();
    refuseToFence(seen, fence);
    fenced = { member, expiresClockMs, control, before: seen.conninfo, base: seen.base, timeline: seen.timeline };
    if (!(await control.change({ from: seen.conninfo, to: marker, inRecovery: true, expiresClockMs })))
      throw new Error("changed meanwhile");
    await control.quiesce();
    return fenced;
  } catch (error) {
    if (fenced) await unfence(parts, fenced, marker).catch(() => {});
    control.close();
    throw error;
  }
}

function refuseToFence(seen: Examined, fence: { term: number; timeline: number; against: string }): void {
  const other = parseFence(seen.conninfo);
  if (!seen.inRecovery) throw new Error("not in recovery");
  if (other && other.term >= fence.term) throw new Error("fenced in a higher term");
  if (seen.timeline > fence.timeline || (followedTimeline(seen.conninfo) ?? 0) > fence.timeline) throw new Error("follows a later primary");
  const followed = other?.next ?? (followedTimeline(seen.conninfo) === fence.timeline ? followedPrimary(seen.conninfo) : undefined);
  if (followed !== undefined && seen.timeline === fence.timeline && other?.timeline !== fence.timeline && followed !== fence.against)
    throw new Error("follows another primary of this timeline");
}

/** Lifts a fence without a new primary. @param marker the conninfo that is the fence, as in what follows */
export async function unfence(parts: Parts, standby: FencedStandby, marker: string): Promise<void> {
  const change = standby.control.change({ from: marker, to: whatToRestore(standby), inRecovery: true });
  await within(parts.clock, parts.timings.fenceTimeoutMs, "lifting a fence", change);
}

/**
 * Another's fence comes back as it was: whoever laid it may be asleep and still count on it. So does the way to a primary that the standby
 * has nothing from yet, or it might go back to the one before. Else the standby goes where the operator leads it: that knows nothing of
 * overrides when it moves the primary.
 */
function whatToRestore({ before, timeline }: FencedStandby): string | undefined {
  const followed = followedTimeline(before);
  return parseFence(before) || (followed !== undefined && followed > timeline) ? before : undefined;
}

/** Reads a fenced standby once it can be read. @throws when the fence does not stand, or it is not known in time how far the WAL goes */
export async function readFenced(parts: Parts, standby: FencedStandby, marker: string): Promise<Examined> {
  const { clock, timings } = parts;
  const untilMs = clock.nowMs() + timings.fenceTimeoutMs;
  for (;;) {
    const examined = await within(clock, timings.fenceTimeoutMs, "reading", standby.control.examine());
    if (!examined.inRecovery || examined.conninfo !== marker) throw new Error("the fence is gone");
    const still = !examined.receiving || parseFence(marker)?.next !== undefined;
    if (still && examined.flushed !== undefined) return examined;
    if (clock.nowMs() > untilMs) throw new Error("still receives or replays");
    await sleep(clock, timings.promotePollMs);
  }
}
