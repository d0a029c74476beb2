import { sleep, within } from "./clock.ts";
import type { Expectation } from "./cluster.ts";
import type { Parts } from "./parts.ts";
import type { PrimaryId } from "./vote.ts";

/**
 * Tells the operator of the new primary and labels its pod, again and again until it is done or there is a newer primary: the API may be
 * away at this moment.
 */
export async function tellUntilDone(parts: Parts, next: PrimaryId, expected: Expectation, isNewest: () => boolean): Promise<void> {
  const { cluster, clock, log, timings } = parts;
  const startedMs = clock.nowMs();
  // A request to something dead must not hold up the next one.
  const attempt = <T>(work: Promise<T>): Promise<T> => within(clock, timings.tellAgainMs * 2, "telling", work);
  for (let first = true; isNewest(); first = false) {
    if (!first) await sleep(clock, timings.tellAgainMs);
    try {
      if (!(await attempt(cluster.namePrimary(next.instance, expected)))) {
        log.warn({ next }, "the operator has moved on by itself");
        return;
      }
      await attempt(Promise.all([cluster.giveLease(next.instance), cluster.label(next.instance)]));
      log.info({ next, atMs: clock.epochMs(), tookMs: Math.round(clock.nowMs() - startedMs) }, "primary labelled");
      return;
    } catch (error) {
      log.warn({ reason: (error as Error).message }, "the API does not answer, telling it again later");
    }
  }
}
