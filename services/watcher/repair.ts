import { within } from "./clock.ts";
import { fenceMarker, follow } from "./conninfo.ts";
import { type FencedStandby, fenceStandby, readFenced, unfence } from "./fence.ts";
import type { Change, Control, Examined, Member } from "./instances.ts";
import type { Parts } from "./parts.ts";

/** Everything a repair starts from was seen before; the change is made only if it is still so. */
export interface Seen {
  readonly member: Member;
  readonly conninfo: string;
  /** By the instance's clock. */
  readonly expiresClockMs: number;
}

export interface Leader {
  readonly member: Member;
  readonly timeline: number;
}

/** @returns whether the standby now follows that address */
export function pointAt(parts: Parts, standby: Seen, primary: Leader): Promise<boolean> {
  return changeOne(parts, standby.member, "pointing", (examined) => {
    const to = follow(examined.base, primary.member, primary.timeline);
    return examined.timeline > primary.timeline ? undefined : { ...expected(standby), to, inRecovery: true };
  });
}

/** Takes a standby's override away. */
export function release(parts: Parts, standby: Seen): Promise<boolean> {
  return changeOne(parts, standby.member, "releasing", () => ({ ...expected(standby), to: undefined, inRecovery: true }));
}

/** A primary's override would be copied to every instance that is rewound or cloned from it. */
export function resetPrimary(parts: Parts, primary: Seen): Promise<boolean> {
  return changeOne(parts, primary.member, "resetting", () => ({ ...expected(primary), to: undefined, inRecovery: false }));
}

function expected({ conninfo, expiresClockMs }: Seen): Pick<Change, "from" | "expiresClockMs"> {
  return { from: conninfo, expiresClockMs };
}

async function changeOne(parts: Parts, member: Member, what: string, decide: (examined: Examined) => Change | undefined): Promise<boolean> {
  const { clock, instances, log, timings } = parts;
  const work = async (control: Control): Promise<boolean> => {
    const change = decide(await control.examine());
    return change !== undefined && (await control.change(change));
  };
  let control: Control | undefined;
  try {
    control = await within(clock, timings.fenceTimeoutMs, "connecting", instances.open(member));
    const done = await within(clock, timings.fenceTimeoutMs, what, work(control));
    log.info({ instance: member.name, done, atMs: clock.epochMs() }, `repair: ${what}`);
    return done;
  } catch (error) {
    log.warn({ instance: member.name, reason: (error as Error).message }, `repair: ${what} failed`);
    return false;
  } finally {
    control?.close();
  }
}

/**
 * Returns abandoned fences to a living primary. Who laid them may only be asleep, about to promote one of these very standbys: so all of
 * them are fenced anew in a higher term first, after which it cannot, and only then let go.
 * @returns whether it was done; if any standby could not be fenced, all is left as it was
 */
export async function takeOver(
  parts: Parts,
  options: { term: number; standbys: readonly { member: Member; clockMs: number }[]; primary: Leader },
): Promise<boolean> {
  const { primary, standbys, term } = options;
  const fence = { term, site: parts.site, timeline: primary.timeline, against: primary.member.name };
  const marker = fenceMarker(fence);
  const expires = (clockMs: number): number => clockMs + parts.timings.fenceTimeoutMs + parts.timings.silentAfterMs;
  const attempts = standbys.map(({ member, clockMs }) => fenceStandby(parts, { member, expiresClockMs: expires(clockMs) }, fence));
  const settled = Promise.all(attempts.map((attempt) => attempt.then((standby) => readFenced(parts, standby, marker))));
  const complete = await within(parts.clock, parts.timings.fenceTimeoutMs, "taking fences over", settled).then(
    () => true,
    () => false,
  );
  await Promise.all(
    attempts.map(async (attempt) => {
      const standby = await within(parts.clock, parts.timings.fenceTimeoutMs, "fencing", attempt).catch(() => undefined);
      if (standby) await letGo(parts, standby, { complete, marker, primary });
    }),
  );
  parts.log.info({ term, complete, atMs: parts.clock.epochMs() }, "repair: abandoned fences taken over");
  return complete;
}

async function letGo(parts: Parts, standby: FencedStandby, how: { complete: boolean; marker: string; primary: Leader }): Promise<void> {
  try {
    if (how.complete) {
      const to = follow(standby.base, how.primary.member, how.primary.timeline);
      const change = standby.control.change({ from: how.marker, to, inRecovery: true, expiresClockMs: standby.expiresClockMs });
      await within(parts.clock, parts.timings.fenceTimeoutMs, "letting go", change);
    } else {
      await unfence(parts, standby, how.marker);
    }
  } catch (error) {
    parts.log.warn({ instance: standby.member.name, reason: (error as Error).message }, "repair: fence not lifted");
  } finally {
    standby.control.close();
  }
}
